-- Stands in front of every script: names for the keys, and the few moves that scripts share.
--
-- KEYS    queueing.keys.SCRIPT_KEYS, in that order.
-- ARGV    1 now: ms since 1970; 2 at: the same instant as ISO text, for events;
--         3 seed: fresh random text, from which the ids of this run's events are derived.
--         A script's own arguments begin at 4.
-- TRANSITIONS (state -> occasion -> state) is put before this text by queueing.scripts.
--
-- A request for a second counselor is a contact to the queue; its id names the contact that it is
-- for (hotline.ids). The journal knows that contact alone, and no place is kept for a request.
--
-- INVARIANT  A contact is in WAITING, or its hash names an offer and a counselor whose hash names
--            the contact: never both, never neither. A counselor is in READY exactly while its
--            state is ready, in WRAP_UPS exactly while it is wrap_up; RINGING holds the contacts
--            that are offered. Every change of a counselor's state is in JOURNAL; every change of
--            WAITING, of a counselor or of the plan is in CHANGES, after it was made.

local JOURNAL, CHANGES, WAITING, CONTACTS, CONTACT, READY, PROFILES, COUNSELOR, SEQS,
  OFFER_NUMBER, RINGING, WRAP_UPS, GATEWAYS, CARRIED, INBOX, TAKEN, SWEPT, GENERATION,
  PLAN, SERVED, PLACE, ANSWERS, BEATEN, BURIED, CLOCK, ORDERED, PROMISE, PROMISED,
  LOOKS = unpack(KEYS)
local NOW, AT, SEED = tonumber(ARGV[1]), ARGV[2], ARGV[3]
local CHANGES_KEPT = 20000
local SWEPT_EVERY = 1000 -- ms (queueing.reconciler)
local CLOCKS_DIFFER = 5000 -- hosts' clocks agree to within so many ms (queueing.limits)
local BUSY = { talking = true, wrap_up = true }
local call = redis.call

-- Numbers reach commands as whole decimals: Lua's own text keeps 14 digits only.
local function whole(number)
  return string.format('%.0f', number)
end

-- Tell every picture of the queue. Numbered 1-0, 1-1, 1-2: a reader sees what it missed.
local function changed(...)
  call('XADD', CHANGES, 'MAXLEN', '~', CHANGES_KEPT, '1-*', ...)
end

-- A text as JSON. Most are plain words, for which the encoder would cost more than the rest.
local function quoted(text)
  if string.find(text, '^[%w_%-.]*$') then return '"' .. text .. '"' end
  return cjson.encode(text)
end

-- The contact that a request is for; nil when `contact` is no request.
local function requested_for(contact)
  return string.match(contact, '^(.+)%+%d+$')
end

-- Append one event, with the id derived from the seed so that no two events share it; `data` is a
-- table, or JSON.
local function journal(kind, subject, seq, data)
  local id = string.sub(redis.sha1hex(SEED .. ':' .. subject .. ':' .. seq), 1, 32)
  call('XADD', JOURNAL, '*', 'id', id, 'type', kind, 'subject', subject, 'seq', seq, 'at', AT,
    'data', type(data) == 'table' and cjson.encode(data) or data)
end

-- Move a counselor; returns the new state, or nil (and nothing happened) where none is allowed.
-- One who comes back to ready from an offer that was withdrawn keeps the time of being idle.
-- Busy time is counted from signing on, which is leaving offline. A contact that is offered to
-- the counselor leaves the line in the same change.
local function move(counselor, occasion, reason, by, contact)
  local key = COUNSELOR .. counselor
  local held = call('HMGET', key, 'state', 'since', 'idle', 'busy', 'on')
  local before = held[1]
  local after = before and TRANSITIONS[before][occasion]
  if not after then return nil end
  local idle, busy, on = held[3] or '0', held[4] or '0', held[5] or '0'
  if before == 'ready' then
    call('ZREM', READY, counselor)
  elseif before == 'wrap_up' then
    call('ZREM', WRAP_UPS, counselor)
  elseif before == 'offline' and after ~= 'offline' then
    busy, on = '0', whole(NOW)
  end
  if BUSY[before] then busy = whole(busy + math.max(0, NOW - held[2])) end
  if after == 'ready' then
    if occasion ~= 'withdrawn' then idle = whole(NOW) end
    call('ZADD', READY, idle, counselor)
  end
  call('HSET', key, 'state', after, 'since', whole(NOW), 'reason', reason,
    'contact', contact or '', 'idle', idle, 'busy', busy, 'on', on)
  if occasion == 'offered' then
    changed('op', 'offered', 'contact', contact, 'counselor', counselor) -- the rest is as it was
  else
    changed('op', 'counselor', 'counselor', counselor, 'state', after, 'idle', idle,
      'busy', busy, 'on', on)
  end
  journal('CounselorStateChanged', counselor, call('HINCRBY', SEQS, counselor, 1), string.format(
    '{"previous":"%s","state":"%s","reason":%s,"by":%s,"contact":%s}', before, after,
    quoted(reason), quoted(by), contact and quoted(requested_for(contact) or contact) or 'null'))
  return after
end

-- The two talk: who took the caller is remembered for as long as the offer said, and counts for an
-- hour as evidence of how fast the line moves (queueing.pace).
local function remember(contact, counselor)
  local held = call('HMGET', CONTACT .. contact, 'digest', 'remember', 'offer')
  local asks = call('HGET', CONTACTS, contact)
  call('ZREMRANGEBYSCORE', ANSWERS, '-inf', whole(NOW - 3600000))
  if asks then
    local priority = cjson.decode(asks).priority
    call('ZADD', ANSWERS, whole(NOW), held[3] .. ' ' .. counselor .. ' ' .. priority)
  end
  if held[1] and held[1] ~= '' and tonumber(held[2] or 0) > 0 then
    call('SET', SERVED .. held[1], counselor, 'PX', held[2])
  end
end

-- The counselor took the contact. `occasion` is answered, by the counselor, or found_talking, by the
-- system.
local function answered(contact, counselor, occasion, by)
  remember(contact, counselor)
  move(counselor, occasion, occasion, by, contact)
  call('HDEL', COUNSELOR .. counselor, 'misses')
end

-- An offer rang in vain: `limit` of them in a row make not ready, and a supervisor is told.
local function missed(counselor, limit)
  local row = call('HINCRBY', COUNSELOR .. counselor, 'misses', 1)
  if row < limit then return move(counselor, 'missed_once', 'missed', 'system', nil) end
  move(counselor, 'missed', 'missed', 'system', nil)
  journal('CounselorMissedOffers', counselor, call('HINCRBY', SEQS, counselor, 1),
    { missed = row })
end

-- End a counselor's wrap-up, or a call without any: to what was wished for, else to `setting`.
local function release(counselor, reason, by, setting)
  local key = COUNSELOR .. counselor
  local wish = call('HMGET', key, 'wish', 'wish_reason', 'wish_by')
  call('HDEL', key, 'wish', 'wish_reason', 'wish_by')
  if wish[1] then
    return move(counselor, 'released_' .. wish[1], wish[2], wish[3], nil)
  end
  return move(counselor, 'released_' .. setting, reason, by, nil)
end

-- A conversation is over for its counselor: wrap-up of `wrap_up` ms, or none when that is 0.
local function end_call(counselor, reason, by, contact, wrap_up, setting)
  if wrap_up <= 0 then return release(counselor, reason, by, setting) end
  call('ZADD', WRAP_UPS, whole(NOW + wrap_up), counselor)
  return move(counselor, 'call_ended', reason, by, contact)
end

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

-- The run of this Redis: another after every start.
local function run()
  return string.match(call('INFO', 'server'), 'run_id:(%x+)')
end

-- How many gateways have beaten, but not since Redis started: what they do is not known here.
local function unheard()
  local present, count = run(), 0
  local beaten = call('HGETALL', BEATEN)
  for i = 1, #beaten, 2 do
    if beaten[i + 1] ~= present and call('ZSCORE', GATEWAYS, beaten[i]) then count = count + 1 end
  end
  return count
end

-- No number up to this one is given to an offer any more: Redis may have lost the last it gave.
local function number_given(number)
  if number > tonumber(call('GET', OFFER_NUMBER) or 0) then
    call('SET', OFFER_NUMBER, whole(number))
  end
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

-- Callbacks: a contact whose hash in PROMISE stands is called instead of waiting on the line. In line
-- it has the gateway '', nobody's; offer.lua makes it the claimer's, who lets it go in the end.
local GIVEN_UP = {} -- contacts that this run has given up

local function promised(contact)
  return call('EXISTS', PROMISE .. contact) == 1
end

-- The promise is over; with `kind` the contact is too, and that is its last event.
local function end_promise(contact, kind, seq, data)
  local digest = call('HGET', PROMISE .. contact, 'digest')
  if digest and call('HGET', PROMISED, digest) == contact then call('HDEL', PROMISED, digest) end
  call('ZREM', LOOKS, contact)
  call('DEL', PROMISE .. contact)
  if not kind then return end
  forget(contact)
  journal(kind, contact, whole(seq), data)
  if kind == 'CallbackGivenUp' then GIVEN_UP[#GIVEN_UP + 1] = contact end
end

local function give_up_promise(contact)
  local held = call('HMGET', PROMISE .. contact, 'seq', 'attempts')
  end_promise(contact, 'CallbackGivenUp', held[1] + 1, { attempts = tonumber(held[2]),
    termination = { result = 'lapsed', reason = 'not_reached' } })
end

local function withdraw_promise(contact, reason, by)
  local seq = call('HGET', PROMISE .. contact, 'seq')
  end_promise(contact, 'CallbackWithdrawn', seq + 1,
    { by = by, termination = { result = 'lapsed', reason = reason } })
end

-- Put a promised contact where it belongs, and nobody's: in line, at its old place, while an opening
-- of its caller's lasts, not before `earliest`; outside until the next opens; given up after the last.
local function stand(contact, earliest)
  local key = PROMISE .. contact
  local held = call('HMGET', key, 'openings', 'score', 'asks', 'digest', 'arrived', 'since', 'asked',
    'lag')
  local from = math.max(NOW, earliest)
  for _, opening in ipairs(cjson.decode(held[1])) do
    local opens, closes = opening[1], opening[2]
    if closes > from then
      local due = math.max(opens, from)
      if due > NOW then
        forget(contact)
        call('ZADD', LOOKS, whole(due), contact)
        return
      end
      local owner = call('HGET', CONTACT .. contact, 'gateway')
      if owner and owner ~= '' then call('HDEL', CARRIED .. owner, contact) end
      call('HSET', key, 'closes', whole(closes))
      call('ZADD', LOOKS, whole(closes), contact)
      call('HSET', CONTACTS, contact, held[3])
      call('HDEL', CONTACT .. contact, 'withdrawals')
      call('HSET', CONTACT .. contact, 'gateway', '', 'promised', '1', 'score', held[2],
        'touched', whole(NOW), 'digest', held[4], 'arrived', held[5], 'since', held[6],
        'lag', held[8] or '0',
        'sticky', held[7] ~= '' and held[7] or call('GET', SERVED .. held[4]) or '')
      return back_in_line(contact)
    end
  end
  give_up_promise(contact)
end

-- Its gateway lets a promised contact go, or is dead: `seq` is the last event that is known of it.
-- One that was dialled has failed: the counselor is ready again, at once.
local function take_back(contact, seq, reason)
  local key = PROMISE .. contact
  local held = call('HMGET', key, 'seq', 'attempts', 'dissolved', 'by', 'most', 'retry')
  local serves = call('HMGET', CONTACT .. contact, 'state', 'counselor', 'offer')
  local attempts, earliest = tonumber(held[2]), NOW
  seq = math.max(seq, tonumber(held[1]))
  if serves[1] == 'offered' then
    move(serves[2], 'withdrawn', reason, 'system', nil)
    if reason == 'gateway_lost' then -- one that lives has journalled it
      seq = seq + 1
      journal('OfferWithdrawn', contact, whole(seq), { offer = serves[3], counselor = serves[2] })
    end
  elseif serves[1] == 'talking' then
    release(serves[2], 'callback_failed', 'system', 'ready')
    earliest = NOW + held[6]
    seq = seq + 1
    journal('CallbackFailed', contact, whole(seq),
      { offer = serves[3], counselor = serves[2], attempt = attempts, reason = reason })
  end
  call('HSET', key, 'seq', whole(seq))
  if held[3] then
    withdraw_promise(contact, held[3], held[4])
    return 'withdrawn'
  elseif serves[1] == 'talking' and attempts >= tonumber(held[5]) then
    give_up_promise(contact)
  else
    stand(contact, earliest)
  end
  return promised(contact) and 'stands' or 'given_up'
end

-- Nobody is to be called any more. Whoever does it just now is told, and lets the contact go.
local function dissolve(contact, reason, by)
  local held = call('HMGET', CONTACT .. contact, 'gateway', 'offer')
  if not held[1] or held[1] == '' then return withdraw_promise(contact, reason, by) end
  local digest = call('HGET', PROMISE .. contact, 'digest')
  if call('HGET', PROMISED, digest) == contact then call('HDEL', PROMISED, digest) end
  call('HSET', PROMISE .. contact, 'dissolved', reason, 'by', by)
  if held[2] then tell_withdrawn(contact) end
end
