-- Take a contact out, whatever its state.
--
-- KEYS    see prelude.lua
-- ARGV    4 contact; 5 ms of wrap-up; 6 state after it
-- RETURNS 1 when it was here, else 0
-- INVARIANT A counselor to whom it was offered is ready again; one who talked is in wrap-up.
local contact = ARGV[4]
local here = call('EXISTS', CONTACT .. contact)
if here == 1 then remove(contact, 'caller_left', 'system', tonumber(ARGV[5]), ARGV[6]) end
return here
