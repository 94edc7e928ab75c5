-- Put a contact in line, or change what it asks for.
--
-- KEYS    see prelude.lua
-- ARGV    4 contact; 5 gateway; 6 score; 7 JSON of what it asks for; 8 ms of wrap-up;
--         9 state after it; 10 ms at which the gateway's lease ends
-- RETURNS 1 when it now waits, 0 when it is being offered meanwhile
-- INVARIANT The place depends on the score alone. A gateway that says so of a contact that is
--           talking here knows better: it lost the counselor while Redis was away.
local contact, gateway, score, asks = ARGV[4], ARGV[5], ARGV[6], ARGV[7]
local key = CONTACT .. contact
local held = call('HMGET', key, 'state', 'counselor', 'gateway')

if held[3] and held[3] ~= gateway then call('HDEL', CARRIED .. held[3], contact) end
call('HSETNX', CARRIED .. gateway, contact, '0')
call('ZADD', GATEWAYS, 'GT', ARGV[10], gateway)
call('HSET', CONTACTS, contact, asks)
call('HDEL', key, 'withdrawals')
call('HSET', key, 'gateway', gateway, 'score', score, 'touched', whole(NOW))
if held[1] == 'offered' then return 0 end
if held[1] == 'talking' then
  end_call(held[2], 'call_ended', 'system', contact, tonumber(ARGV[8]), ARGV[9])
end
back_in_line(contact)
return 1
