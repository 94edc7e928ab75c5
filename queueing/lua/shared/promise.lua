-- Callbacks: a contact whose hash in PROMISE stands is called instead of waiting on the line. In line
-- it has the gateway '', nobody's; offer.lua makes it the claimer's, who lets it go in the end.
--
-- SHARED  counselor, line

local function promised(contact)
  return call('EXISTS', PROMISE .. contact) == 1
end

-- The promise is over; with `kind` the contact is too, and that is its last event.
local function end_promise(contact, kind, seq, data)
  local digest = call('HGET', PROMISE .. contact, 'digest')
  if digest and call('HGET', PROMISED, digest) == contact then call('HDEL', PROMISED, digest) end
  call('ZREM', LOOKS, contact)
  call('DEL', PROMISE .. contact)
  if call('EXISTS', CONTACT .. contact) == 1 then call('HDEL', CONTACT .. contact, 'promised') end
  if not kind then return end
  forget(contact)
  journal(kind, contact, whole(seq), data)
end

-- Nobody was reached. A supervisor is told in the same step: a gateway that had to do it could die, or
-- never hear that it must.
local function give_up_promise(contact)
  local held = call('HMGET', PROMISE .. contact, 'seq', 'attempts')
  end_promise(contact, 'CallbackGivenUp', held[1] + 1, { attempts = tonumber(held[2]),
    termination = { result = 'lapsed', reason = 'not_reached' } })
  journal('AlarmRaised', 'queue', call('HINCRBY', SEQS, 'queue', 1), { kind = 'callback_given_up',
    detail = 'contact ' .. string.sub(contact, 1, 8)
      .. ': called back in vain; a supervisor decides what follows' })
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
-- One that was dialled has failed: the counselor is ready again, at once. `is_told`: how an offer ended
-- that was not dialled is journalled already.
local function take_back(contact, seq, reason, is_told)
  local key = PROMISE .. contact
  local held = call('HMGET', key, 'seq', 'attempts', 'dissolved', 'by', 'most', 'retry')
  local serves = call('HMGET', CONTACT .. contact, 'state', 'counselor', 'offer')
  local attempts, earliest = tonumber(held[2]), NOW
  seq = math.max(seq, tonumber(held[1]))
  if serves[1] == 'offered' then
    move(serves[2], 'withdrawn', reason, 'system', nil)
    if not is_told then
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
