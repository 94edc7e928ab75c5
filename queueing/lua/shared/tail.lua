-- The end of the journal: a gateway's last events may be younger than its last heartbeat.
--
-- SHARED  nothing
local TAIL_MARGIN = 30000 -- ms before a last heartbeat: a lease, and what a heartbeat may be under way
local TAIL_BLOCK, TAIL_BLOCKS = 1000, 100 -- Redis is held up for no more than so many entries
local ENDINGS = { CallerLeft = 1, CounselorLeft = 1, PartnerLeft = 1, MessageLeft = 1,
  ContactRefused = 1, ContactFailed = 1, CallbackGivenUp = 1, CallbackWithdrawn = 1 }

-- Redis' own time in ms, by which the journal's entries are numbered.
local function entry_time()
  local now = call('TIME')
  return now[1] * 1000 + math.floor(now[2] / 1000)
end

-- A gateway has beaten just now.
local function heard(gateway)
  call('HSET', HEARD, gateway, whole(entry_time()))
end

-- Where the tail begins: before the last heartbeat of whoever was silent for longest.
local function tail_begins()
  local earliest
  local all = call('HGETALL', HEARD)
  for i = 1, #all, 2 do
    if call('ZSCORE', GATEWAYS, all[i]) then
      earliest = math.min(earliest or tonumber(all[i + 1]), tonumber(all[i + 1]))
    else
      call('HDEL', HEARD, all[i])
    end
  end
  return earliest and whole(math.max(0, earliest - TAIL_MARGIN)) or '-'
end

-- The newest come first: what was lost and then revived (`revived`, by contact) has not ended there.
local function read_entry(entry, seqs, revived)
  local event = {}
  for i = 1, #entry[2], 2 do event[entry[2][i]] = entry[2][i + 1] end
  local seq = seqs[event.subject]
  if seq and ENDINGS[event.type] and not revived[event.subject] then
    seqs[event.subject] = nil
  elseif seq then
    if event.type == 'ContactRevived' then revived[event.subject] = true end
    seqs[event.subject] = math.max(seq, tonumber(event.seq))
  end
end

-- Raise `seqs` (contact -> last seq) to what the journal says; those that ended there become nil.
local function read_tail(seqs)
  local first, last, revived = tail_begins(), '+', {}
  for _ = 1, TAIL_BLOCKS do
    local block = call('XREVRANGE', JOURNAL, last, first, 'COUNT', TAIL_BLOCK)
    for _, entry in ipairs(block) do read_entry(entry, seqs, revived) end
    if #block < TAIL_BLOCK then return end
    last = '(' .. block[#block][1]
  end
end
