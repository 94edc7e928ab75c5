-- The counselor is on the line: may the caller be called?
--
-- KEYS    see prelude.lua
-- SHARED  counselor, line
-- ARGV    4 contact; 5 counselor; 6 offer; 7 seq of the contact's last event
-- RETURNS the number of the attempt; 0 when nobody is to be called under this offer
-- INVARIANT Each offer dials once at most: the attempt is counted here, before any INVITE, so that
--           whoever finds the gateway dead knows that the phone may have rung. Nobody is called
--           outside of the caller's openings. Said twice it is the same attempt.
local contact, counselor, offer, seq = ARGV[4], ARGV[5], ARGV[6], tonumber(ARGV[7])
local key = PROMISE .. contact
local held = call('HMGET', key, 'attempts', 'fence', 'dissolved', 'closes', 'seq')
local state = serving(contact, counselor, offer)
if not held[1] or not state then return 0 end
local attempts = tonumber(held[1])
if state == 'talking' then return held[2] == offer and attempts or 0 end
if state ~= 'offered' or held[3] or NOW > tonumber(held[4]) then return 0 end

seq = math.max(seq, tonumber(held[5])) + 1
move(counselor, 'answered', 'callback', 'counselor', contact)
call('HDEL', COUNSELOR .. counselor, 'misses')
call('ZREM', RINGING, contact)
call('HSET', CONTACT .. contact, 'state', 'talking')
call('HSET', key, 'fence', offer, 'attempts', attempts + 1, 'seq', whole(seq))
journal('CallbackDialled', contact, whole(seq),
  { offer = offer, counselor = counselor, attempt = attempts + 1 })
return attempts + 1
