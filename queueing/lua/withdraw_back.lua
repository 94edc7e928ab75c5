-- An operator takes a promised callback back.
--
-- KEYS    see prelude.lua
-- SHARED  promise
-- ARGV    4 contact; 5 by
-- RETURNS 'withdrawn': nobody is dialled for it any more; 'dialled': its gateway was allowed to dial
--         before this, and is told to stop: over when the promise is gone; 'unknown' without one
-- INVARIANT Nobody is allowed to dial for it from here on; a phone that rings for it stops.
local contact = ARGV[4]
if not promised(contact) then return 'unknown' end
local state = call('HGET', CONTACT .. contact, 'state')
dissolve(contact, 'withdrawn', ARGV[5])
return state == 'talking' and 'dialled' or 'withdrawn'
