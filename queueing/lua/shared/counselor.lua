-- Counselors: every change of a state is one move, told and journalled.
--
-- SHARED  nothing

-- Move a counselor; returns the new state, or nil (and nothing happened) where none is allowed.
-- One who comes back to ready from an offer that was withdrawn keeps the time of being idle.
-- Busy time, and available time (busy or ready), is counted from signing on, which is leaving offline; as
-- BUSY and ON_DUTY say (queueing.routing.standing). A contact that is offered to the
-- counselor leaves the line in the same change.
local function move(counselor, occasion, reason, by, contact)
  local key = COUNSELOR .. counselor
  local held = call('HMGET', key, 'state', 'since', 'idle', 'busy', 'available')
  local before = held[1]
  local after = before and TRANSITIONS[before][occasion]
  if not after then return nil end
  local idle, busy, available = held[3] or '0', held[4] or '0', held[5] or '0'
  if before == 'ready' then
    call('ZREM', READY, counselor)
  elseif before == 'wrap_up' then
    call('ZREM', WRAP_UPS, counselor)
  elseif before == 'offline' and after ~= 'offline' then
    busy, available = '0', '0'
  end
  local spent = math.max(0, NOW - held[2])
  if BUSY[before] then busy = whole(busy + spent) end
  if ON_DUTY[before] then available = whole(available + spent) end
  if after == 'ready' then
    if occasion ~= 'withdrawn' then idle = whole(NOW) end
    call('ZADD', READY, idle, counselor)
  end
  call('HSET', key, 'state', after, 'since', whole(NOW), 'reason', reason,
    'contact', contact or '', 'idle', idle, 'busy', busy, 'available', available)
  if occasion == 'offered' then
    changed('op', 'offered', 'contact', contact, 'counselor', counselor, 'available', available,
      'counted', whole(NOW)) -- the rest is as it was
  else
    changed('op', 'counselor', 'counselor', counselor, 'state', after, 'idle', idle,
      'busy', busy, 'available', available, 'counted', whole(NOW))
  end
  journal('CounselorStateChanged', counselor, call('HINCRBY', SEQS, counselor, 1), string.format(
    '{"previous":"%s","state":"%s","reason":%s,"by":%s,"contact":%s}', before, after,
    quoted(reason), quoted(by), contact and quoted(requested_for(contact) or contact) or 'null'))
  return after
end

-- Tell a supervisor, in the step in which it happens: a gateway that had to do it could die first.
local function raise_alarm(kind, detail)
  journal('AlarmRaised', 'queue', call('HINCRBY', SEQS, 'queue', 1), { kind = kind, detail = detail })
end

-- An offer rang in vain: `limit` of them in a row make not ready, and a supervisor is told.
local function missed(counselor, limit)
  local row = call('HINCRBY', COUNSELOR .. counselor, 'misses', 1)
  if row < limit then return move(counselor, 'missed_once', 'missed', 'system', nil) end
  move(counselor, 'missed', 'missed', 'system', nil)
  journal('CounselorMissedOffers', counselor, call('HINCRBY', SEQS, counselor, 1),
    { missed = row })
  raise_alarm('offers_missed', string.format('%s 连续 %d 次未接听，已转为未就绪; '
    .. 'counselor %s missed %d in a row and is not ready', counselor, row, counselor, row))
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
