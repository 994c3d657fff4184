-- What wrk sends: beats of each session in turn, or the same empty object again and again.
-- Arguments: the path, the User-Agent, and a file with a token a line (none for the empty object).
local head, bodies, at, seq, tried
local tail = ',"position_ms":1000,"state":"playing"}'

function init(args)
  head = "POST " .. args[1] .. " HTTP/1.1\r\nHost: 127.0.0.1\r\nUser-Agent: " .. args[2]
    .. "\r\nContent-Type: application/json\r\nContent-Length: "
  at, seq, tried = 0, 1, false
  if args[3] then
    bodies = {}
    for token in io.lines(args[3]) do
      bodies[#bodies + 1] = '{"token":"' .. token .. '","seq":'
    end
  end
end

function request()
  if not bodies then
    return head .. "2\r\n\r\n{}"
  end
  if tried then
    at = at + 1
    if at > #bodies then
      at, seq = 1, seq + 1
    end
  end
  tried = true -- wrk asks once without sending
  local body = bodies[at == 0 and 1 or at] .. seq .. tail
  return head .. #body .. "\r\n\r\n" .. body
end

function done(summary, latency)
  local e = summary.errors
  io.write(string.format(
    '{"requests":%d,"micros":%d,"refused":%d,"broken":%d,"p50":%d,"p99":%d}\n',
    summary.requests, summary.duration, e.status, e.connect + e.read + e.write + e.timeout,
    latency:percentile(50), latency:percentile(99)))
end
