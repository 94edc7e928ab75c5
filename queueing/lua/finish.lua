-- The conversation is over.
--
-- KEYS    see prelude.lua
-- SHARED  counselor, talk, line, promise
-- ARGV    4 contact; 5 counselor; 6 offer; 7 '1' to put the contact back in line; 8 ms of wrap-up;
--         9 state after it
-- RETURNS 1 when this ended it, 0 when it was over already
-- INVARIANT The counselor is in wrap-up (or past it, when that is 0 ms); the contact is gone, or in
--           its original place. A call whose answer never reached us was a call all the same.
local contact, counselor, offer = ARGV[4], ARGV[5], ARGV[6]
-- Only a conversation is finished: a Redis that lost its last second would have the caller called.
if promised(contact) then end_promise(contact) end
local state = serving(contact, counselor, offer)
if not state then return 0 end
if state == 'offered' then answered(contact, counselor, 'answered', 'counselor') end
end_call(counselor, 'call_ended', 'system', contact, tonumber(ARGV[8]), ARGV[9])
if ARGV[7] == '1' then back_in_line(contact) else forget(contact) end
return 1
