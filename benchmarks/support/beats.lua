-- What wrk sends: the lines of a file in turn, or the same empty object again and again.
-- Arguments: the path, the User-Agent, and (none for the empty object) the file and how many lines to take.
local requests, at = {}, -1

function init(args)
  local head = "POST " .. args[1] .. " HTTP/1.1\r\nHost: 127.0.0.1\r\nUser-Agent: " .. args[2]
    .. "\r\nContent-Type: application/json\r\nContent-Length: "
  if args[3] then
    local most = tonumber(args[4])
    for line in io.lines(args[3]) do
      if #requests == most then
        break
      end
      requests[#requests + 1] = head .. #line .. "\r\n\r\n" .. line
    end
  else
    requests[1] = head .. "2\r\n\r\n{}"
  end
  -- From here on nothing is made that would have to be collected.
  collectgarbage()
  collectgarbage("stop")
end

function request()
  at = at + 1
  if at > #requests then
    at = 1
  end
  return requests[at == 0 and 1 or at] -- wrk asks once without sending
end

function done(summary, latency)
  local e = summary.errors
  io.write(string.format(
    '{"requests":%d,"micros":%d,"refused":%d,"broken":%d,"p50":%d,"p99":%d}\n',
    summary.requests, summary.duration, e.status, e.connect + e.read + e.write + e.timeout,
    latency:percentile(50), latency:percentile(99)))
end
