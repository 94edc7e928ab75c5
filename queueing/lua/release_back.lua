-- A gateway lets go of a callback that it had claimed.
--
-- KEYS    see prelude.lua
-- SHARED  promise
-- ARGV    4 contact; 5 gateway; 6 offer; 7 seq of the contact's last event; 8 why, if it was dialled;
--         9 '1' when the gateway has journalled how an offer ended that was not dialled
-- RETURNS stands, given_up or withdrawn: what became of the promise; offered: it is kept, for another
--         offer of it is on its way here; gone: it was not this gateway's
-- INVARIANT The contact is nobody's, and in line or waiting for an opening; or it has ended, once. A
--           counselor who listened while it was dialled in vain is ready at once, without wrap-up. A gateway that
--           does not know whether it was dialled journals nothing: no number is given to two events.
local contact, gateway, offer = ARGV[4], ARGV[5], ARGV[6]
local held = call('HMGET', CONTACT .. contact, 'gateway', 'state', 'offer')
if not promised(contact) or held[1] ~= gateway then return 'gone' end
if held[2] ~= 'queued' and held[3] ~= offer then return 'offered' end
return take_back(contact, tonumber(ARGV[7]), ARGV[8], ARGV[9] == '1')
