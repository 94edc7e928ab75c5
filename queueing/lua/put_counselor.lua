-- Add a counselor, or change the profile of one.
--
-- KEYS    see prelude.lua
-- SHARED  nothing
-- ARGV    4 counselor; 5 JSON of the profile
-- RETURNS 1 when the counselor is new, else 0
-- INVARIANT A new counselor is offline; the state of another does not change.
call('HSET', PROFILES, ARGV[4], ARGV[5])
local new = call('HSETNX', COUNSELOR .. ARGV[4], 'state', 'offline')
if new == 1 then
  call('HSET', COUNSELOR .. ARGV[4], 'since', whole(NOW), 'reason', 'added', 'contact', '')
end
changed('op', 'profile', 'counselor', ARGV[4], 'profile', ARGV[5])
return new
