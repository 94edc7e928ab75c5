-- A gateway lives, and says which contacts it carries.
--
-- KEYS    see prelude.lua
-- ARGV    4 gateway; 5 ms of its lease; 6 ms of wrap-up; 7 state after it; then contact, last seq,
--         contact, last seq, ...
-- RETURNS 1 when the gateway was known alive before, else 0; then the contacts that were forgotten
-- INVARIANT What the gateway does not carry any more is not here either, once it was silent about
--           it for a lease: a lost 'leave' or 'finish' holds nobody.
local gateway, lease = ARGV[4], tonumber(ARGV[5])
local carried = CARRIED .. gateway
local known = call('ZSCORE', GATEWAYS, gateway) and 1 or 0
local before = call('HGETALL', carried)
local answer = { known }

call('ZADD', GATEWAYS, whole(NOW + lease), gateway)
call('DEL', carried)
for i = 8, #ARGV, 2 do
  call('HSET', carried, ARGV[i], ARGV[i + 1])
  if call('EXISTS', CONTACT .. ARGV[i]) == 1 then
    call('HSET', CONTACT .. ARGV[i], 'touched', whole(NOW))
  end
end
for i = 1, #before, 2 do
  local contact = before[i]
  local held = call('HMGET', CONTACT .. contact, 'gateway', 'touched')
  if held[1] == gateway and call('HEXISTS', carried, contact) == 0 then
    if math.abs(NOW - tonumber(held[2])) > lease then -- also when the clock was set back
      remove(contact, 'forgotten', 'system', tonumber(ARGV[6]), ARGV[7])
      answer[#answer + 1] = contact
    else
      call('HSET', carried, contact, before[i + 1])
    end
  end
end
return answer
