-- Who talks with whom, and what is remembered of it.
--
-- SHARED  counselor

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
  call('HDEL', CONTACT .. contact, 'tried')
end
