-- Stands in front of every script: names for the keys, and the few moves that scripts share.
--
-- KEYS    queueing.keys.SCRIPT_KEYS, in that order.
-- ARGV    1 now: ms since 1970; 2 at: the same instant as ISO text, for events;
--         3 seed: fresh random text, from which the ids of this run's events are derived.
--         A script's own arguments begin at 4.
-- TRANSITIONS (state -> occasion -> state) is put before this text by queueing.scripts.
--
-- INVARIANT  A contact is in WAITING, or its hash names an offer and a counselor whose hash names
--            the contact: never both, never neither. A counselor is in READY exactly while its
--            state is ready, in WRAP_UPS exactly while it is wrap_up; RINGING holds the contacts
--            that are offered. Every change of a counselor's state is in JOURNAL.

local JOURNAL, WAKE, WAITING, CONTACTS, CONTACT, READY, PROFILES, COUNSELOR, SEQS,
  OFFER_NUMBER, RINGING, WRAP_UPS, GATEWAYS, CARRIED, INBOX, TAKEN, SWEPT = unpack(KEYS)
local NOW, AT, SEED = tonumber(ARGV[1]), ARGV[2], ARGV[3]
local call = redis.call

-- Numbers reach commands as whole decimals: Lua's own text keeps 14 digits only.
local function whole(number)
  return string.format('%.0f', number)
end

local function wake()
  call('PUBLISH', WAKE, '1')
end

-- Append one event, with the id derived from the seed so that no two events share it.
local function journal(kind, subject, seq, data)
  local id = string.sub(redis.sha1hex(SEED .. ':' .. subject .. ':' .. seq), 1, 32)
  call('XADD', JOURNAL, '*', 'id', id, 'type', kind, 'subject', subject, 'seq', seq, 'at', AT,
    'data', cjson.encode(data))
end

-- Move a counselor; returns the new state, or nil (and nothing happened) where none is allowed.
-- One who comes back to ready from an offer that was withdrawn keeps the time of being idle.
local function move(counselor, occasion, reason, by, contact)
  local key = COUNSELOR .. counselor
  local before = call('HGET', key, 'state')
  local after = before and TRANSITIONS[before][occasion]
  if not after then return nil end
  if before == 'ready' then call('ZREM', READY, counselor) end
  if before == 'wrap_up' then call('ZREM', WRAP_UPS, counselor) end
  if after == 'ready' then
    local idle = before == 'offered' and call('HGET', key, 'idle') or whole(NOW)
    call('ZADD', READY, idle, counselor)
    call('HSET', key, 'idle', idle)
    wake()
  end
  call('HSET', key, 'state', after, 'since', whole(NOW), 'reason', reason, 'contact', contact or '')
  journal('CounselorStateChanged', counselor, call('HINCRBY', SEQS, counselor, 1), {
    previous = before, state = after, reason = reason, by = by, contact = contact or cjson.null,
  })
  return after
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
  call('ZREM', RINGING, contact)
  call('HDEL', key, 'offer', 'counselor')
  call('HSET', key, 'state', 'queued')
  call('ZADD', WAITING, call('HGET', key, 'score'), contact)
  wake()
end

-- Take every trace of a contact away.
local function forget(contact)
  local key = CONTACT .. contact
  local gateway = call('HGET', key, 'gateway')
  call('ZREM', WAITING, contact)
  call('ZREM', RINGING, contact)
  call('HDEL', CONTACTS, contact)
  call('DEL', key)
  if gateway then call('HDEL', CARRIED .. gateway, contact) end
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
