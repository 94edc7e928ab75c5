-- Somebody gives an order about a contact: into the inbox of the gateway that owns it.
--
-- KEYS    see prelude.lua
-- SHARED  nothing
-- ARGV    4 contact; 5 JSON of the order; 6 key of the order; 7 ms for which the key is remembered
-- RETURNS 'sent'; 'already' when an order with this key was; 'unknown' when no gateway has the
--         contact in the queue
-- INVARIANT An order is in an inbox once, however often it is given with one key.
local contact, order, given = ARGV[4], ARGV[5], ORDERED .. ARGV[6]
local gateway = call('HGET', CONTACT .. contact, 'gateway')
if not gateway or gateway == '' then return 'unknown' end -- '': a callback that is nobody's
if not call('SET', given, SEED, 'NX', 'PX', ARGV[7]) then
  return call('GET', given) == SEED and 'sent' or 'already'
end
call('RPUSH', INBOX .. gateway, order)
return 'sent'
