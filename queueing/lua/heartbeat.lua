-- A gateway lives, and says which contacts it carries.
--
-- KEYS    see prelude.lua
-- ARGV    4 gateway; 5 ms of its lease; 6 ms of wrap-up; 7 state after it; 8 ms for which a place is
--         kept after a fault; 9 '1' at the first beat of its life, else '0'; then contact, last seq,
--         '1' when it waits or is offered, else '0', contact, ...
-- RETURNS 1 when the gateway was known alive before, else 0; the contacts that were forgotten; the
--         contacts that wait there and are not here
-- INVARIANT What the gateway does not carry any more is not here either, once it was silent about
--           it for a lease: a lost 'leave' or 'finish' holds nobody. Whoever begins to live in a
--           slot says that all who lived there before are dead.
local gateway, lease = ARGV[4], tonumber(ARGV[5])
local carried = CARRIED .. gateway
local known = call('ZSCORE', GATEWAYS, gateway) and 1 or 0
local before = call('HGETALL', carried)
local forgotten, missing = {}, {}

if ARGV[9] == '1' then
  local slot = string.match(gateway, '^(.+%.)[^.]*$')
  for _, other in ipairs(slot and call('ZRANGE', GATEWAYS, 0, -1) or {}) do
    if other ~= gateway and string.match(other, '^(.+%.)[^.]*$') == slot then
      call('ZADD', GATEWAYS, '0', other) -- the next sweep buries it, whatever else begins anew
    end
  end
end

call('ZADD', GATEWAYS, whole(NOW + lease), gateway)
call('DEL', carried)
for i = 10, #ARGV, 3 do
  call('HSET', carried, ARGV[i], ARGV[i + 1])
  if call('EXISTS', CONTACT .. ARGV[i]) == 1 then
    call('HSET', CONTACT .. ARGV[i], 'touched', whole(NOW))
  elseif ARGV[i + 2] == '1' then
    missing[#missing + 1] = ARGV[i]
  end
end
for i = 1, #before, 2 do
  local contact = before[i]
  local held = call('HMGET', CONTACT .. contact, 'gateway', 'touched', 'state')
  if held[1] == gateway and call('HEXISTS', carried, contact) == 0 then
    if math.abs(NOW - tonumber(held[2])) > lease then -- also when the clock was set back
      if promised(contact) then
        take_back(contact, tonumber(before[i + 1]), 'gateway_lost')
      else
        if held[3] ~= 'talking' then keep_place(contact, 'fault', tonumber(ARGV[8])) end
        remove(contact, 'forgotten', 'system', tonumber(ARGV[6]), ARGV[7])
      end
      forgotten[#forgotten + 1] = contact
    else
      call('HSET', carried, contact, before[i + 1])
    end
  end
end
return { known, forgotten, missing }
