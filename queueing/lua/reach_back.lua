-- The caller who was called took the call.
--
-- KEYS    see prelude.lua
-- SHARED  talk, line, promise
-- ARGV    4 contact; 5 counselor; 6 offer
-- RETURNS 1 when the promise was kept by this, 0 when there was none any more
-- INVARIANT From here on it is a conversation like any other, with this counselor as the one who last
--           took that caller, and of this gateway.
local contact, counselor, offer = ARGV[4], ARGV[5], ARGV[6]
if serving(contact, counselor, offer) ~= 'talking' or not promised(contact) then return 0 end
local asks, owner = call('HGET', CONTACTS, contact), call('HGET', CONTACT .. contact, 'gateway')
local first, last = string.find(asks, '"gateway":""', 1, true)
if first then
  call('HSET', CONTACTS, contact, string.sub(asks, 1, first - 1) .. '"gateway":' .. quoted(owner)
    .. string.sub(asks, last + 1))
end
end_promise(contact)
call('HDEL', CONTACT .. contact, 'promised')
remember(contact, counselor)
return 1
