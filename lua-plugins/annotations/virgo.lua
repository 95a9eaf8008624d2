---@meta virgo
-- What a Lua plugin finds in the global `virgo`: API level 1. Editors with the Lua
-- language server read this file, and the reference in lua-plugins/README.md is made of it
-- (./dev docs). A function of a plugin that waits lets the agent do other work meanwhile.

---@class virgo
---@field api integer the newest level of this API the agent has
virgo = {}

-- ---- Declaring

--- Declares a check type and returns the same table, for its functions to be written into.
--- Only while the file is loaded; a file may declare several.
---@param declaration virgo.Declaration
---@return virgo.Check check
function virgo.check(declaration) end

--- What `virgo.check` is given.
---@class virgo.Declaration
---@field name string the type's name as the configuration writes it; begin it with a prefix of your own, `virgo.` is ours
---@field summary string|nil one sentence
---@field api integer|nil the API level it is written for; an agent with a lower one refuses the file
---@field params table<string, virgo.Param>|nil parameters, by name
---@field metrics virgo.Metric[]|nil what it measures; may be left out with `undeclared`
---@field undeclared boolean|nil it may also emit metrics it does not declare
---@field needs virgo.Needs|nil what it may reach; without it nothing
---@field interval string|nil it runs by itself, so often ("10s"), when the configuration has no check of the type

--- A parameter. In `self` it is a text, a number, a boolean or a table: `duration` is a number of seconds, `size` of bytes.
--- With `items`, each value of a list or map is one of these, or refused where it stands in the configuration: with
--- `items = "text"` the list `[5, true]` is `{ "5", "true" }`. Without, it is what YAML takes it for, a number and a boolean.
---@class virgo.Param
---@field type "bool"|"int"|"number"|"text"|"duration"|"size"|"list"|"map"|nil "text"
---@field items "bool"|"int"|"number"|"text"|nil what each value of a list or map is
---@field default any|nil what it is when it is not given
---@field required boolean|nil it must be given
---@field secret boolean|nil nothing prints it
---@field help string|nil one sentence

--- A metric.
---@class virgo.Metric
---@field name string
---@field unit string|nil as UCUM writes it: "s", "By", "1", "{client}"
---@field kind "gauge"|"counter"|"state"|nil "gauge"
---@field type "f64"|"i64"|"u64"|"text"|nil "f64"; `text` is for states
---@field help string|nil one sentence

--- What a check may reach. The configuration can leave it less (`lua_plugins`), never more. A call that
--- is not covered is an error that names what is missing. In `exec` and `read`, `*` stands for any part of
--- a name, a `/` at the end for all that is in a folder, and `$name` for what the parameter `name` says: a
--- text, or a list (for `exec` its first item).
---@class virgo.Needs
---@field net ("tcp"|"udp"|"unix"|"icmp"|"dns"|"listen")[]|nil kinds of network use; `tcp` covers TLS, HTTP and looking up names for it, `listen` is `virgo.udp.bind`
---@field exec string[]|nil absolute paths of programs
---@field read string[]|nil absolute paths of files and folders

--- A check type, with the functions its author writes. `self` is a table of the configured instance's own, with
--- its parameters as fields; what a run keeps in it is there in the next one.
---@class virgo.Check
local Check = {}

--- Optional. Called before the first run; may not wait. `error { param = "port", message = "..." }` points at the
--- parameter in the YAML file. `handed` is what handover() of the version of the file before this one has returned,
--- or nil.
---@param handed table|nil
function Check:configure(handed) end

--- One run.
---@param run virgo.Run
function Check:collect(run) end

--- Optional. Called when a changed file takes this one's place: a table of plain values for the next one's configure().
---@return table|nil state
function Check:handover() end

--- Optional. Runs beside the runs for the life of the instance, and may wait: for what listens.
function Check:background() end

-- ---- Runs

--- What `collect` is given. It is over when `collect` has returned.
---@class virgo.Run
---@field number integer counts the check's ticks from 1
---@field check string the configured name of the check
---@field interval number seconds from one run to the next
local Run = {}

--- One sample. Whole numbers beyond 2^53 are given as decimal text. `info` is for metrics that are not declared.
---@param name string
---@param value number|string
---@param labels table<string, string|number|boolean>|nil
---@param info virgo.SampleInfo|nil
function Run:emit(name, value, labels, info) end

--- Of a metric that is not declared (with `undeclared = true`).
---@class virgo.SampleInfo
---@field unit string|nil
---@field kind "gauge"|"counter"|"state"|nil "gauge"
---@field type "f64"|"i64"|"u64"|"text"|nil "f64"
---@field time number|nil seconds since 1970; the run's start when not given

--- The sentence beside the status of the run. The last call counts.
---@param text string
function Run:explain(text) end

--- The check's own judgement of what it measured. Of several the worst counts.
---@param state "ok"|"warn"|"critical"|"unknown"
---@param text string|nil the reason
function Run:state(state, text) end

--- A line in the agent's log, at the level info.
---@param text string
function Run:log(text) end

--- Seconds until the deadline.
---@return number seconds
function Run:time_left() end

-- ---- Connections

virgo.tcp = {}
virgo.tls = {}
virgo.unix = {}

--- Connects to a port. Waits. `needs.net`: tcp.
---@param host string a name or an address
---@param port integer
---@param options virgo.ConnectOptions|nil
---@return virgo.Socket|nil socket
---@return virgo.Failure|nil err
function virgo.tcp.connect(host, port, options) end

---@class virgo.ConnectOptions
---@field timeout number|nil seconds; the run's deadline when not given

--- The same with TLS. Waits. `needs.net`: tcp.
---@param host string
---@param port integer
---@param options virgo.TlsOptions|nil
---@return virgo.Socket|nil socket
---@return virgo.Failure|nil err
function virgo.tls.connect(host, port, options) end

--- How TLS is spoken.
---@class virgo.TlsOptions
---@field server_name string|nil the name the certificate must carry; the host when not given
---@field verify boolean|"report"|nil true; "report" goes on with any certificate, for `certificate()` to tell what is wrong with it
---@field ca string|nil authorities in place of the system's: PEM text, or a path (`needs.read`)
---@field cert string|nil our certificate: PEM text, or a path
---@field key string|nil its key
---@field alpn string[]|nil protocols to offer
---@field timeout number|nil seconds

--- Connects to a socket of this host. Waits. `needs.net`: unix.
---@param path string absolute
---@param options virgo.ConnectOptions|nil
---@return virgo.Socket|nil socket
---@return virgo.Failure|nil err
function virgo.unix.connect(path, options) end

--- A connection. It is closed with its run, whatever way that ends.
---@class virgo.Socket
local Socket = {}

--- Exactly n bytes, or without n what comes next, at least one. Waits.
---@param n integer|nil
---@param timeout number|nil seconds
---@return string|nil bytes
---@return virgo.Failure|nil err
function Socket:read(n, timeout) end

--- A line without its `\n` or `\r\n`. Waits.
---@param max integer|nil bytes it may have: 8192
---@param timeout number|nil seconds
---@return string|nil line
---@return virgo.Failure|nil err
function Socket:read_line(max, timeout) end

--- Sends. Waits if much is unsent.
---@param bytes string
---@return boolean|nil ok
---@return virgo.Failure|nil err
function Socket:write(bytes) end

--- Begins TLS on the connection, as STARTTLS does. Waits.
---@param options virgo.TlsOptions|nil
---@return boolean|nil ok
---@return virgo.Failure|nil err
function Socket:start_tls(options) end

--- The peer's certificate; nil without TLS.
---@return virgo.Certificate|nil certificate
function Socket:certificate() end

--- Closes it sooner than the run's end. What is unsent is sent.
function Socket:close() end

--- Where it is connected to: "127.0.0.1:80"; nil when it is closed.
---@return string|nil address
function Socket:peer() end

--- A certificate as the peer showed it.
---@class virgo.Certificate
---@field subject string
---@field issuer string
---@field serial string
---@field fingerprint string SHA-256
---@field not_before number seconds since 1970
---@field not_after number seconds since 1970
---@field days_left number until not_after
---@field names string[] host names and addresses it is for
---@field trusted boolean an authority that is trusted has signed it
---@field name_match boolean it carries the name that was asked for
---@field in_time boolean it is valid at this time
---@field valid boolean all three
---@field error string|nil why it is not
---@field tls string of `sock:certificate()`: "TLSv1.3"
---@field cipher string of `sock:certificate()`
---@field alpn string of `sock:certificate()`: the protocol that was agreed on, or ""

-- ---- HTTP

virgo.http = {}

--- One request. Waits. `needs.net`: tcp; with `unix` unix.
---@param request virgo.HttpRequest
---@return virgo.HttpResponse|nil response of any status
---@return virgo.Failure|nil err
function virgo.http.request(request) end

--- The same for a URL.
---@param url string
---@param options virgo.HttpRequest|nil
---@return virgo.HttpResponse|nil response
---@return virgo.Failure|nil err
function virgo.http.get(url, options) end

---@class virgo.HttpRequest
---@field url string http:// or https://
---@field method string|nil "GET"
---@field query table<string, string|number>|nil added to the URL, escaped
---@field headers table<string, string|number>|nil
---@field body string|nil
---@field user string|nil for basic authentication
---@field password string|nil
---@field timeout number|nil seconds for all of it
---@field max_body integer|nil bytes of an answer: 1 MiB; more is an error
---@field truncate boolean|nil cut a longer answer off in place of the error
---@field follow integer|nil redirects to follow: 0. Authorization, Cookie and Host are for the first server only
---@field unix string|nil path of a socket to connect to in place of the URL's host
---@field verify boolean|"report"|nil this and what follows as for virgo.tls.connect
---@field ca string|nil
---@field cert string|nil
---@field key string|nil
---@field server_name string|nil
---@field alpn string[]|nil

---@class virgo.HttpResponse
---@field status integer
---@field reason string
---@field version string "HTTP/1.1"
---@field headers table<string, string> names in lower case
---@field body string
---@field url string of the last request, after redirects
---@field peer string the address that answered
---@field redirects integer that were followed
---@field truncated boolean
---@field phases virgo.HttpPhases
---@field tls string|nil version of TLS
---@field certificate virgo.Certificate|nil

--- Seconds each part of the last request took.
---@class virgo.HttpPhases
---@field dns number
---@field connect number
---@field tls number
---@field first_byte number
---@field total number

-- ---- Datagrams

virgo.udp = {}

--- A socket that sends to one peer and receives from it. Waits for the name. `needs.net`: udp.
---@param host string
---@param port integer
---@param options virgo.ConnectOptions|nil
---@return virgo.UdpSocket|nil socket
---@return virgo.Failure|nil err
function virgo.udp.connect(host, port, options) end

--- A socket that receives what anybody sends. `needs.net`: listen.
---@param address string an address of this host
---@param port integer 0: one that is free
---@return virgo.UdpSocket|nil socket
---@return virgo.Failure|nil err
function virgo.udp.bind(address, port) end

---@class virgo.UdpSocket
local UdpSocket = {}

--- Sends a datagram; host and port only with a socket of `bind`.
---@param bytes string
---@param host string|nil an address
---@param port integer|nil
---@return boolean|nil ok
---@return virgo.Failure|nil err
function UdpSocket:send(bytes, host, port) end

--- The next datagram; with a socket of `bind` also who sent it. Waits.
---@param timeout number|nil seconds
---@return string|nil bytes
---@return string|virgo.Failure|nil host or the error
---@return integer|nil port
function UdpSocket:receive(timeout) end

--- Our side; nil when it is closed.
---@return string|nil host
---@return integer|nil port
function UdpSocket:address() end

function UdpSocket:close() end

virgo.icmp = {}

--- One echo request. Waits. `needs.net`: icmp.
---@param host string
---@param options virgo.PingOptions|nil
---@return number|nil seconds
---@return string|virgo.Failure|nil address that answered, or the error
---@return integer|nil ttl
function virgo.icmp.ping(host, options) end

---@class virgo.PingOptions
---@field timeout number|nil seconds
---@field size integer|nil bytes of payload
---@field family 4|6|nil

virgo.dns = {}

--- A question to a name server. Waits. `needs.net`: dns. For a PTR record the name may be an address.
---@param name string
---@param type "A"|"AAAA"|"CAA"|"CNAME"|"MX"|"NS"|"PTR"|"SOA"|"SRV"|"TXT"
---@param options virgo.DnsOptions|nil
---@return virgo.DnsAnswer|nil answer of any rcode
---@return virgo.Failure|nil err
function virgo.dns.query(name, type, options) end

---@class virgo.DnsOptions
---@field server string|nil an address; the system's servers when not given
---@field port integer|nil 53
---@field timeout number|nil seconds
---@field tcp boolean|nil ask over TCP at once

---@class virgo.DnsAnswer
---@field rcode string "NOERROR", "NXDOMAIN", ...
---@field authoritative boolean
---@field recursion_available boolean
---@field tcp boolean it came over TCP
---@field server string that answered
---@field seconds number
---@field answers virgo.DnsRecord[]
---@field authorities virgo.DnsRecord[]
---@field additionals virgo.DnsRecord[]

--- A record. Besides these it has the fields of its type, such as `address`.
---@class virgo.DnsRecord
---@field name string
---@field type string
---@field ttl integer seconds
---@field text string the data as a zone file writes it

--- The addresses of a host as the system knows it. Waits. `needs.net`: dns, or tcp.
---@param host string
---@param options virgo.LookupOptions|nil
---@return string[]|nil addresses
---@return virgo.Failure|nil err
function virgo.dns.lookup(host, options) end

---@class virgo.LookupOptions
---@field timeout number|nil seconds
---@field family 4|6|nil

-- ---- Programs and files

--- Runs a program to its end, without a shell, in a process group of its own that is ended with the run. Waits.
--- `needs.exec`: the program.
---@param call virgo.ExecCall the program's absolute path, its arguments, and options
---@return virgo.ExecResult|nil result of any exit code
---@return virgo.Failure|nil err
function virgo.exec(call) end

---@class virgo.ExecCall
---@field env table<string, string>|nil added to a small environment of the agent's making; not PATH, LD_PRELOAD and the like
---@field stdin string|nil what it reads
---@field max_output integer|nil bytes of standard output to keep: 1 MiB; of standard error 64 KiB are kept
---@field timeout number|nil seconds
---@field cwd string|nil

---@class virgo.ExecResult
---@field code integer|nil exit code
---@field signal string|nil what ended it: "SIGKILL"
---@field stdout string
---@field stderr string
---@field truncated boolean there was more of one of the two than was kept
---@field left_behind boolean it had started others that went on
---@field seconds number

virgo.fs = {}

--- A file as a whole, or with `from` a piece of it; then also where the next piece begins. Waits. `needs.read`: the file.
---@param path string absolute
---@param options integer|virgo.ReadOptions|nil a number is `max`
---@return string|nil content
---@return virgo.Failure|integer|nil err or where the next piece begins
function virgo.fs.read(path, options) end

---@class virgo.ReadOptions
---@field max integer|nil bytes: 64 KiB. A whole file that has more is an error
---@field from integer|nil where to begin; below 0 counted from the end

--- What a file is. Waits. `needs.read`: the file.
---@param path string
---@return virgo.FileFacts|nil facts
---@return virgo.Failure|nil err
function virgo.fs.stat(path) end

---@class virgo.FileFacts
---@field type string "file", "directory", ...
---@field size integer bytes
---@field mtime number seconds since 1970
---@field mode integer
---@field inode integer
---@field device integer

--- The names in a folder. Waits. `needs.read`: the folder.
---@param path string
---@return string[]|nil names
---@return virgo.Failure|nil err
function virgo.fs.list(path) end

-- ---- Data

virgo.json = {}

--- Reads JSON. `null` is virgo.json.null; arrays remember that they are arrays.
---@param text string
---@return any value nil if it is no JSON
---@return string|nil message
function virgo.json.decode(text) end

--- Writes JSON. An empty table is {}.
---@param value any
---@return string text
function virgo.json.encode(value) end

--- Marks a table to be written as [...].
---@param list table
---@return table list
function virgo.json.array(list) end

---@type userdata
virgo.json.null = nil

virgo.hash = {}

--- The raw digest of the bytes.
---@param bytes string
---@return string digest
function virgo.hash.md5(bytes) end

---@param bytes string
---@return string digest
function virgo.hash.sha1(bytes) end

---@param bytes string
---@return string digest
function virgo.hash.sha256(bytes) end

---@param bytes string
---@return string digest
function virgo.hash.sha512(bytes) end

---@param algorithm "md5"|"sha1"|"sha256"|"sha512"
---@param key string
---@param bytes string
---@return string digest
function virgo.hash.hmac(algorithm, key, bytes) end

---@param algorithm "md5"|"sha1"|"sha256"|"sha512"
---@param password string
---@param salt string
---@param rounds integer
---@param length integer
---@return string bytes
function virgo.hash.pbkdf2(algorithm, password, salt, rounds, length) end

--- Bytes as hexadecimal digits.
---@param bytes string
---@return string text
function virgo.hash.hex(bytes) end

virgo.base64 = {}

---@param bytes string
---@return string text
function virgo.base64.encode(bytes) end

---@param text string
---@return string|nil bytes
---@return virgo.Failure|nil err
function virgo.base64.decode(text) end

--- Bytes that nobody can guess.
---@param n integer
---@return string bytes
function virgo.random(n) end

-- ---- Time, and several things at once

--- Waits.
---@param seconds number
function virgo.sleep(seconds) end

--- Seconds of a clock that never steps, for measuring.
---@return number seconds
function virgo.now() end

--- Seconds since 1970.
---@return number seconds
function virgo.time() end

--- Runs functions at the same time and waits for all of them.
---@param functions (fun(): any, any)[]
---@param options virgo.ParallelOptions|nil
---@return virgo.ParallelResult[] results in the order of the functions
function virgo.parallel(functions, options) end

---@class virgo.ParallelOptions
---@field timeout number|nil seconds for all of them

--- A function has failed when it raised an error, or returned nil and one.
---@class virgo.ParallelResult
---@field ok boolean
---@field value any what it returned
---@field error any why it failed

-- ---- The log

virgo.log = {}

--- Lines in the agent's log; `print` is `info`.
---@param text string
function virgo.log.error(text) end

---@param text string
function virgo.log.warn(text) end

---@param text string
function virgo.log.info(text) end

---@param text string
function virgo.log.debug(text) end

-- ---- Errors

--- What functions give beside nil when something outside failed. May be given to `error`, `assert`, `tostring` and `..`.
---@class virgo.Failure
---@field message string
---@field status "failed"|"invalid"|"unsupported"|"unreachable"|"timeout" what a run that ends with it is reported as
---@field code string
