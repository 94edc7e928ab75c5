-- Take a contact, or a request, out, whatever its state.
--
-- KEYS    see prelude.lua
-- SHARED  line, promise
-- ARGV    4 contact; 5 ms of wrap-up; 6 state after it; 7 why: fault, hung_up or elsewhere; 8 ms for
--         which its place is kept
-- RETURNS 1 when it was here, else 0
-- INVARIANT A counselor to whom it was offered is ready again; one who talked is in wrap-up. Who
--           waited has the place kept; who talked, or was served elsewhere, only if a fault cut
--           them off. Who goes elsewhere (a partner, a message) is known here until that is over:
--           should the gateway die meanwhile, the place is kept.
local contact, because = ARGV[4], ARGV[7]
if promised(contact) then end_promise(contact) end -- nobody heard of it: the caller has left
local state = call('HGET', CONTACT .. contact, 'state')
if not state then return 0 end
if because == 'elsewhere' and state ~= 'talking' then
  set_aside(contact)
  return 1
end
if state == 'queued' or state == 'offered' or because == 'fault' then keep_place(contact, because, tonumber(ARGV[8])) end
remove(contact, requested_for(contact) and 'request_over' or 'caller_left', 'system', tonumber(ARGV[5]), ARGV[6])
return 1
