-- Contacts: into the line, out of it, and what is kept of one that has gone.
--
-- SHARED  counselor
local SWEPT_EVERY = 1000 -- ms (queueing.reconciler)
local CLOCKS_DIFFER = 5000 -- hosts' clocks agree to within so many ms (queueing.limits)

-- Put a contact back into the place that it had.
local function back_in_line(contact)
  local key = CONTACT .. contact
  local held = call('HMGET', key, 'score', 'sticky')
  call('ZREM', RINGING, contact)
  call('HDEL', key, 'offer', 'counselor')
  call('HSET', key, 'state', 'queued')
  call('ZADD', WAITING, held[1], contact)
  changed('op', 'wait', 'contact', contact, 'score', held[1],
    'asks', call('HGET', CONTACTS, contact), 'sticky', held[2] or '')
end

-- Take a contact out of the line, if it stands there.
local function out_of_line(contact)
  if call('ZREM', WAITING, contact) == 1 then changed('op', 'left', 'contact', contact) end
end

-- By how many ms the queue's time is ahead of the hosts'. It goes on when theirs is set back, and
-- waits for theirs when that is set forward again (or when nobody was there for a while).
local function ahead_of_hosts()
  local held = call('HMGET', CLOCK, 'latest', 'ahead')
  local latest, ahead = tonumber(held[1] or NOW), tonumber(held[2] or 0)
  local step = NOW + ahead - latest
  if step < -CLOCKS_DIFFER then
    ahead = ahead - step + SWEPT_EVERY -- so long may it be since somebody looked
  elseif step > CLOCKS_DIFFER then
    ahead = math.max(0, ahead - step)
  end
  call('HSET', CLOCK, 'latest', whole(math.max(latest, NOW + ahead)), 'ahead', whole(ahead))
  return ahead
end

-- By how many ms the queue's time was ahead when a contact arrived that is new here. An instant that
-- is still to come is one of before the clock was set back.
local function lag_of(arrived)
  local ahead = ahead_of_hosts()
  return tonumber(arrived) > NOW + CLOCKS_DIFFER and 0 or ahead
end

-- Note what a contact is and who carries it. `digest` is of the caller's number, or empty; `arrived`
-- in ms, `since` the same as it stands in `asks`; `sticky` who last took the caller, or empty;
-- `score` without the lag.
local function put_down(contact, gateway, lease_ends, facts)
  local key = CONTACT .. contact
  local before = call('HGET', key, 'gateway')
  if before and before ~= gateway then call('HDEL', CARRIED .. before, contact) end
  call('HSETNX', CARRIED .. gateway, contact, '0')
  call('ZADD', GATEWAYS, 'GT', lease_ends, gateway)
  call('HSET', CONTACTS, contact, facts.asks)
  call('HSET', key, 'gateway', gateway, 'score', whole(facts.score + facts.lag),
    'touched', whole(NOW), 'digest', facts.digest, 'arrived', facts.arrived, 'since', facts.since,
    'lag', whole(facts.lag), 'sticky', facts.sticky)
end

-- Take every trace of a contact away.
local function forget(contact)
  local key = CONTACT .. contact
  local gateway = call('HGET', key, 'gateway')
  out_of_line(contact)
  call('ZREM', RINGING, contact)
  call('HDEL', CONTACTS, contact)
  call('DEL', key)
  if gateway then call('HDEL', CARRIED .. gateway, contact) end
end

-- Keep the place of a contact that ends before its time, for the same caller's next call. Of
-- several by one caller the earliest stands, for as long as the last of them. `lasting` is in ms.
local function keep_place(contact, because, lasting)
  local held = call('HMGET', CONTACT .. contact, 'digest', 'arrived', 'since', 'lag')
  if lasting <= 0 or not held[1] or held[1] == '' or requested_for(contact) then return end
  local key, ending, lag = PLACE .. held[1], NOW + lasting, held[4] or '0'
  local there = call('HMGET', key, 'arrived', 'until', 'lag')
  local is_live = there[1] and tonumber(there[2]) >= NOW
  if is_live and there[1] + (there[3] or 0) < held[2] + lag then
    ending = math.max(ending, tonumber(there[2]))
  else
    call('HSET', key, 'arrived', held[2], 'since', held[3], 'lag', lag, 'because', because,
      'contact', contact)
  end
  call('HSET', key, 'until', whole(ending))
  call('PEXPIRE', key, whole(ending - NOW))
end

-- Somebody else serves a contact that waits, or for which a phone rings: out of line, not forgotten.
local function set_aside(contact)
  local key = CONTACT .. contact
  local held = call('HMGET', key, 'state', 'counselor')
  if held[1] == 'offered' then move(held[2], 'withdrawn', 'caller_left', 'system', nil) end
  out_of_line(contact)
  call('ZREM', RINGING, contact)
  call('HDEL', key, 'offer', 'counselor')
  call('HSET', key, 'state', 'elsewhere')
end

-- A contact is gone, whatever its state: free its counselor, then forget it.
local function remove(contact, reason, by, wrap_up, setting)
  local held = call('HMGET', CONTACT .. contact, 'state', 'counselor')
  if held[1] == 'offered' then
    move(held[2], 'withdrawn', reason, by, nil)
  elseif held[1] == 'talking' then
    end_call(held[2], reason, by, contact, wrap_up, setting)
  end
  forget(contact)
end

-- Tell the gateway that rings for `contact` that its offer is void.
local function tell_withdrawn(contact)
  local held = call('HMGET', CONTACT .. contact, 'gateway', 'offer')
  call('RPUSH', INBOX .. held[1], cjson.encode({ kind = 'withdrawn', offer = held[2] }))
end

-- Whether this offer is the one under which this counselor serves this contact, and its state.
local function serving(contact, counselor, offer)
  local held = call('HMGET', CONTACT .. contact, 'state', 'counselor', 'offer')
  return held[2] == counselor and held[3] == offer and held[1]
end
