-- Asks Sallyport about each request, and again about each transfer that lasts.
--
--   http-request lua.sallyport     asks once; sets txn.sallyport_status (200 is the only yes) and, on a yes,
--                                  the X-Sallyport-* headers of the request
--   filter lua.sallyport-watch     asks again every second while a transfer lasts, and breaks it off at a no
--
-- Both go to the local listener that SALLYPORT_AUTHZ names (see haproxy.cfg), which signs in and keeps connections
-- to Sallyport open. Written for HAProxy 2.6 and newer; load it by lua-load, so that all threads share it.

local LISTENER = os.getenv("SALLYPORT_AUTHZ") or "127.0.0.1:9444"

-- How often a lasting transfer is asked about, and for how long it may go on without an answer, in milliseconds.
local AGAIN_EVERY = 1000
local WITHOUT_ANSWER = 10000

-- What Sallyport is told. Everything else of the request stays here.
local TOLD = { "authorization", "client-cert", "x-forwarded-for", "x-original-method" }

-- What the application is told.
local IDENTITY = {
  "x-sallyport-device", "x-sallyport-device-name", "x-sallyport-user", "x-sallyport-user-issuer",
  "x-sallyport-user-email", "x-sallyport-segments", "x-sallyport-audience", "x-sallyport-grant",
  "x-sallyport-decision",
}

local function milliseconds()
  local now = core.now()
  return now.sec * 1000 + now.usec // 1000
end

local function escaped(text)
  return (text:gsub("[^A-Za-z0-9._~-]", function(c)
    return string.format("%%%02X", c:byte())
  end))
end

-- Status 0 means that there was no answer.
local function ask(question)
  local client = core.httpclient()
  local ok, response = pcall(client.get, client, {
    url = "http://sallyport" .. question.path,
    headers = question.headers,
    dst = LISTENER,
    timeout = 3000,
  })
  if not ok or not response then
    return 0, {}
  end
  return response.status or 0, response.headers or {}
end

-- Parameters are variables of the configuration, which no client can set.
local function question_of(txn)
  local sent = txn.http:req_get_headers()
  local headers = {}
  for _, name in ipairs(TOLD) do
    local values = sent[name]
    if values then
      -- All of them: that there are two is for Sallyport to see.
      local list = {}
      for i = 0, #values do
        list[#list + 1] = values[i]
      end
      headers[name] = list
    end
  end
  local query = {}
  for _, name in ipairs({ "audience", "methods" }) do
    local value = txn:get_var("txn.sallyport_" .. name)
    if value then
      query[#query + 1] = name .. "=" .. escaped(value)
    end
  end
  return { path = "/authz?" .. table.concat(query, "&"), headers = headers }
end

-- The questions of requests under way, by the request's id.
local lasting = {}

core.register_action("sallyport", { "http-req" }, function(txn)
  local question = question_of(txn)
  local status, headers = ask(question)
  for _, name in ipairs(IDENTITY) do
    txn.http:req_del_header(name)
  end
  if status == 200 then
    for _, name in ipairs(IDENTITY) do
      local values = headers[name]
      if values and values[0] and values[0] ~= "" then
        txn.http:req_set_header(name, values[0])
      end
    end
    local id = txn:get_var("txn.sallyport_id")
    if id then
      question.answered = milliseconds()
      lasting[id] = question
    end
  else
    local values = headers["x-sallyport-reason"]
    txn:set_var("txn.sallyport_reason", values and values[0] or "no_answer")
  end
  txn:set_var("txn.sallyport_status", status)
end)

local function ask_again(question)
  while not question.done do
    local status = ask(question)
    local now = milliseconds()
    if status == 200 then
      question.answered = now
    elseif status == 401 or status == 403 or now - question.answered > WITHOUT_ANSWER then
      question.refused = true
      return
    end
    core.msleep(AGAIN_EVERY)
  end
end

local Watch = {}
Watch.id = "Sallyport"
Watch.flags = filter.FLT_CFG_FL_HTX
Watch.__index = Watch

function Watch:new()
  return setmetatable({}, Watch)
end

function Watch:start_analyze(txn, channel)
  filter.register_data_filter(self, channel)
end

function Watch:http_payload(txn, message)
  if not self.question then
    self.id_of_request = txn:get_var("txn.sallyport_id")
    self.question = self.id_of_request and lasting[self.id_of_request]
  end
  local question = self.question
  if not question then
    return
  end
  if question.refused then
    -- What a filter returns here is only a number of bytes; an error ends the stream, on both sides.
    error("the grant has ended: the transfer is broken off", 0)
  end
  if not question.asking and milliseconds() - question.answered >= AGAIN_EVERY then
    question.asking = true
    core.register_task(function() ask_again(question) end)
  end
end

function Watch:end_analyze(txn, channel)
  if channel:is_resp() then
    local id = txn:get_var("txn.sallyport_id")
    local question = id and lasting[id]
    if question then
      question.done = true
      lasting[id] = nil
    end
  end
end

core.register_filter("sallyport-watch", Watch, function(watch, args)
  return watch
end)
