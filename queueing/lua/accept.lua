-- The counselor answered the offer.
--
-- KEYS    see prelude.lua
-- SHARED  talk, line
-- ARGV    4 contact; 5 counselor; 6 offer
-- RETURNS 1 when the two may talk, 0 when the offer is no longer valid
-- INVARIANT Said twice it is still 1: a lost reply does not cost the call. From here on this is the
--           counselor who last took that caller.
local contact, counselor, offer = ARGV[4], ARGV[5], ARGV[6]
local state = serving(contact, counselor, offer)
if state == 'talking' then return 1 end
if state ~= 'offered' then return 0 end
answered(contact, counselor, 'answered', 'counselor')
call('ZREM', RINGING, contact)
call('HSET', CONTACT .. contact, 'state', 'talking')
return 1
