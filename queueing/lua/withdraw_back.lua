-- An operator takes a promised callback back.
--
-- KEYS    see prelude.lua
-- SHARED  promise
-- ARGV    4 contact; 5 by
-- RETURNS 1 when there was one, else 0
-- INVARIANT Nobody is dialled for it from here on; a phone that rings for it stops.
if not promised(ARGV[4]) then return 0 end
dissolve(ARGV[4], 'withdrawn', ARGV[5])
return 1
