-- A gateway lives, and says which contacts it carries and what each of them does.
--
-- KEYS    see prelude.lua
-- SHARED  line, gateways, promise, tail
-- ARGV    4 gateway; 5 ms of its lease; 6 ms of wrap-up; 7 state after it; 8 ms for which a place is
--         kept after a fault; 9 '1' at the first beat of its life, else '0'; then contact, last seq,
--         what it does there: queued, offered, talking, or '' before the queue; offer and counselor
--         while offered or talking, else ''; contact, ...
-- RETURNS 1 when the gateway was known alive before, else 0; the contacts that were forgotten; the
--         contacts of which this Redis says otherwise; contact, seq, ... of those that were journalled
--         as failed with the gateway
-- INVARIANT What the gateway does not carry any more is not here either, once it was silent about
--           it for a lease: a lost 'leave' or 'finish' holds nobody. What it says of a contact may be
--           older than the last script: it is compared and nothing is changed by it; whoever owns
--           the contact is told, and says again what is true by then, in the order of all it
--           says. No offer gets a number that a gateway knows already. Whoever begins to live in
--           a slot says that all who lived there before are dead.
local gateway, lease = ARGV[4], tonumber(ARGV[5])
local carried = CARRIED .. gateway
local known = call('ZSCORE', GATEWAYS, gateway) and 1 or 0
local before = call('HGETALL', carried)
local forgotten, amiss, failed = {}, {}, {}

-- Whether the two agree. An offer that is on its way to the gateway's inbox is not amiss, nor is an
-- answer of which the gateway has not heard.
local function agrees(contact, held, doing, offer, counselor)
  if held[1] ~= gateway then return false end -- it stands as a callback, say
  if doing == 'queued' then return held[3] == 'queued' or held[3] == 'offered' end
  if held[4] ~= counselor or held[5] ~= offer then return false end
  return held[3] == 'talking' or held[3] == doing
end

if ARGV[9] == '1' then
  local slot = string.match(gateway, '^(.+%.)[^.]*$')
  for _, other in ipairs(slot and call('ZRANGE', GATEWAYS, 0, -1) or {}) do
    if other ~= gateway and string.match(other, '^(.+%.)[^.]*$') == slot then
      call('ZADD', GATEWAYS, '0', other) -- the next sweep buries it, whatever else begins anew
    end
  end
end

call('ZADD', GATEWAYS, whole(NOW + lease), gateway)
call('HSET', BEATEN, gateway, run())
call('DEL', carried)
local buried = {}
local graves = call('HGETALL', BURIED .. gateway)
for i = 1, #graves, 2 do buried[graves[i]] = graves[i + 1] end
for i = 10, #ARGV, 5 do
  local contact, doing = ARGV[i], ARGV[i + 2]
  call('HSET', carried, contact, ARGV[i + 1])
  local held = call('HMGET', CONTACT .. contact, 'gateway', 'touched', 'state', 'counselor', 'offer')
  if held[1] then call('HSET', CONTACT .. contact, 'touched', whole(NOW)) end
  if doing ~= '' and not agrees(contact, held, doing, ARGV[i + 3], ARGV[i + 4]) then
    amiss[#amiss + 1] = contact
  end
  if ARGV[i + 3] ~= '' then number_given(tonumber(ARGV[i + 3])) end
  if buried[contact] then
    failed[#failed + 1], failed[#failed + 2] = contact, buried[contact]
    buried[contact] = nil
  end
end
for contact in pairs(buried) do call('HDEL', BURIED .. gateway, contact) end -- over for good
for i = 1, #before, 2 do
  local contact = before[i]
  local held = call('HMGET', CONTACT .. contact, 'gateway', 'touched', 'state')
  if held[1] == gateway and call('HEXISTS', carried, contact) == 0 then
    if math.abs(NOW - tonumber(held[2])) > lease then -- also when the clock was set back
      if promised(contact) then
        local seqs = { [contact] = tonumber(before[i + 1]) }
        read_tail(seqs) -- what it said since its last heartbeat
        take_back(contact, seqs[contact] or 0, 'gateway_lost')
      else
        if held[3] ~= 'talking' and held[3] ~= 'elsewhere' then keep_place(contact, 'fault', tonumber(ARGV[8])) end
        remove(contact, 'forgotten', 'system', tonumber(ARGV[6]), ARGV[7])
      end
      forgotten[#forgotten + 1] = contact
    else
      call('HSET', carried, contact, before[i + 1])
    end
  end
end
return { known, forgotten, amiss, failed }
