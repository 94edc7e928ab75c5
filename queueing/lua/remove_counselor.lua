-- Remove a counselor.
--
-- KEYS    see prelude.lua
-- SHARED  counselor
-- ARGV    4 counselor; 5 by
-- RETURNS 'removed'; 'unknown' without such a counselor; 'refused' while one is offered or talking
-- INVARIANT The journal ends with offline; its numbering goes on should the extension return.
local counselor = ARGV[4]
local state = call('HGET', COUNSELOR .. counselor, 'state')
if not state then return 'unknown' end
if state == 'offered' or state == 'talking' then return 'refused' end
if state ~= 'offline' then move(counselor, 'asked_offline', 'removed', ARGV[5], nil) end
call('DEL', COUNSELOR .. counselor)
call('HDEL', PROFILES, counselor)
changed('op', 'removed', 'counselor', counselor)
return 'removed'
