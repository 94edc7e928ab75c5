-- Stands in front of every script: names for the keys, and what nearly every script needs. What some
-- share stands in shared/, and before those alone that name it in their line SHARED.
--
-- KEYS    queueing.keys.SCRIPT_KEYS, in that order.
-- ARGV    1 now: ms since 1970; 2 at: the same instant as ISO text, for events;
--         3 seed: fresh random text, from which the ids of this run's events are derived.
--         A script's own arguments begin at 4.
-- TRANSITIONS (state -> occasion -> state) is put before this text by queueing.scripts.
--
-- A request for a second counselor is a contact to the queue; its id names the contact that it is
-- for (hotline.ids). The journal knows that contact alone, and no place is kept for a request.
--
-- INVARIANT  A contact is in WAITING, or its hash names an offer and a counselor whose hash names
--            the contact: never both, and neither only while its state is elsewhere (leave.lua).
--            A counselor is in READY exactly while its state is ready, in WRAP_UPS exactly while it is wrap_up; RINGING holds the contacts
--            that are offered. Every change of a counselor's state is in JOURNAL; every change of
--            WAITING, of a counselor or of the plan is in CHANGES, after it was made.

local JOURNAL, CHANGES, WAITING, CONTACTS, CONTACT, READY, PROFILES, COUNSELOR, SEQS,
  OFFER_NUMBER, RINGING, WRAP_UPS, GATEWAYS, CARRIED, INBOX, TAKEN, SWEPT, GENERATION,
  PLAN, SERVED, PLACE, ANSWERS, BEATEN, BURIED, CLOCK, ORDERED, PROMISE, PROMISED,
  LOOKS, PARTNER = unpack(KEYS)
local NOW, AT, SEED = tonumber(ARGV[1]), ARGV[2], ARGV[3]
local CHANGES_KEPT = 20000
local call = redis.call

-- Numbers reach commands as whole decimals: Lua's own text keeps 14 digits only.
local function whole(number)
  return string.format('%.0f', number)
end

-- Tell every picture of the queue. Numbered 1-0, 1-1, 1-2: a reader sees what it missed.
local function changed(...)
  call('XADD', CHANGES, 'MAXLEN', '~', CHANGES_KEPT, '1-*', ...)
end

-- A text as JSON. Most are plain words, for which the encoder would cost more than the rest.
local function quoted(text)
  if string.find(text, '^[%w_%-.]*$') then return '"' .. text .. '"' end
  return cjson.encode(text)
end

-- The contact that a request is for; nil when `contact` is no request.
local function requested_for(contact)
  return string.match(contact, '^(.+)%+%d+$')
end

-- Append one event, with its id, or one derived from the seed so that no two events share it; `data`
-- is a table, or JSON.
local function journal(kind, subject, seq, data, id)
  id = id or string.sub(redis.sha1hex(SEED .. ':' .. subject .. ':' .. seq), 1, 32)
  call('XADD', JOURNAL, '*', 'id', id, 'type', kind, 'subject', subject, 'seq', seq, 'at', AT,
    'data', type(data) == 'table' and cjson.encode(data) or data)
end
