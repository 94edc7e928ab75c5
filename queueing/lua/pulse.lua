-- What a picture of the queue must agree with.
--
-- KEYS    see prelude.lua
-- SHARED  gateways
-- ARGV    none of its own
-- RETURNS the generation of the data, '' without one; the number of the last change; how many wait;
--         how many are ready; how many counselors there are; how many gateways have not said
--         what they do since Redis started
-- INVARIANT Changes nothing.
local last = call('XREVRANGE', CHANGES, '+', '-', 'COUNT', 1)[1]
return {
  call('GET', GENERATION) or '', last and last[1] or '0-0',
  call('ZCARD', WAITING), call('ZCARD', READY), call('HLEN', PROFILES), unheard(),
}
