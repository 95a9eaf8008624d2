---@meta dgram
-- Generated from host/runtime by ./dev docs.

--- UDP sockets.
---@class dgram.module
local dgram = {}

-- of dgram.lua, Socket
--- A UDP socket. It keeps the loop alive while it receives: from `bind`, `recvStart`
--- or the first `send` of a socket that somebody listens to, until `recvStop` or `close`.
--- event message(data string, from table): a datagram; `from` has the fields ip (also called address), port, family and size
--- event listening(): bound
--- event connect(): connected to one peer
--- event error(err Error): the socket could not be bound or connected, a send without a callback failed, or the peer refused a datagram
--- event timeout(): nothing was sent or received for as long as `setTimeout` says
--- event close(): closed; the last event
---@class dgram.Socket: Emitter
local class_dgram_Socket = {}

--- See createSocket.
---@param type string "udp4" or "udp6"
---@param onMessage nil|fun(data: string, from: table)
function class_dgram_Socket:initialize(type, onMessage) end

--- Binds the socket and begins to receive. An address is bound before `bind` returns, a
--- name after it was looked up; failure is an `error` event, later in any case.
---@param port integer|nil 0 or left out: any free one; see `address`
---@param host string|nil left out: all addresses
---@param options table|nil reuseaddr (several sockets may bind the port), ipv6only
---@param callback nil|fun() when it is bound
---@return dgram.Socket self
function class_dgram_Socket:bind(port, host, options, callback) end

--- Begins to receive; `bind` does it already.
---@return boolean|nil ok nil and the error if it cannot
---@return Error|nil err
function class_dgram_Socket:recvStart() end

--- Stops receiving. Datagrams then wait in the system's buffer, as many as fit.
---@return boolean|nil ok nil and the error if the socket is closed
---@return Error|nil err
function class_dgram_Socket:recvStop() end

--- Sends one datagram; `host` may be a name. A failure goes to the callback, or without
--- one is an `error` event. A connected socket takes neither port nor host.
---@param data string|string[]
---@param offset integer how many bytes at the start of `data` to leave out; may be left out together with length
---@param length integer how many bytes to send
---@param port integer
---@param host string|nil left out: this machine
---@param callback nil|fun(err: Error|nil)
---@return dgram.Socket self
---@overload fun(self: dgram.Socket, data: string, port: integer, host: string|nil, callback: nil|fun(err: Error|nil)): dgram.Socket
---@overload fun(self: dgram.Socket, data: string, callback: nil|fun(err: Error|nil)): dgram.Socket
function class_dgram_Socket:send(data, offset, length, port, host, callback) end

--- Connects the socket to one peer: it receives from there only, `send` needs no
--- address, and a peer that refuses is an `error` event.
---@param port integer
---@param host string|nil left out: this machine
---@param callback nil|fun() when it is connected, as for `connect`
---@return dgram.Socket self
function class_dgram_Socket:connect(port, host, callback) end

--- Takes the connection to the one peer back.
---@return boolean|nil ok nil and the error if there is none
---@return Error|nil err
function class_dgram_Socket:disconnect() end

--- Where the socket is bound.
---@return table|nil address the fields ip (also called address), port and family; nil and the error if it is not bound
---@return Error|nil err
function class_dgram_Socket:address() end

--- Whom the socket is connected to.
---@return table|nil address as for `address`; nil and the error if it is not connected
---@return Error|nil err
function class_dgram_Socket:remoteAddress() end

--- Closes the socket; datagrams still to be sent are dropped, their callbacks get
--- "ECANCELED". Closing twice does nothing more.
---@param callback nil|fun() as a listener for `close`
---@return dgram.Socket self
function class_dgram_Socket:close(callback) end

--- Emits `timeout` when nothing was sent or received for that long, each time anew.
---@param ms number 0: never
---@param callback nil|fun() as a listener for the next `timeout`
---@return dgram.Socket self
function class_dgram_Socket:setTimeout(ms, callback) end

--- Allows sending to broadcast addresses.
---@param on boolean
---@return boolean|nil ok nil and the error if the system refuses
---@return Error|nil err
function class_dgram_Socket:setBroadcast(on) end

--- Joins or leaves a multicast group.
---@param group string the group's address
---@param interface string|nil the address of the interface; left out: the system chooses
---@param operation string "join" or "leave"
---@return boolean|nil ok nil and the error if the system refuses
---@return Error|nil err
function class_dgram_Socket:setMembership(group, interface, operation) end

--- Joins a multicast group.
---@param group string
---@param interface string|nil
---@return boolean|nil ok nil and the error if the system refuses
---@return Error|nil err
function class_dgram_Socket:addMembership(group, interface) end

--- Leaves a multicast group.
---@param group string
---@param interface string|nil
---@return boolean|nil ok nil and the error if the system refuses
---@return Error|nil err
function class_dgram_Socket:dropMembership(group, interface) end

--- How many routers a datagram may pass.
---@param ttl integer 1 to 255
---@return boolean|nil ok nil and the error if the system refuses
---@return Error|nil err
function class_dgram_Socket:setTTL(ttl) end

--- How many routers a multicast datagram may pass.
---@param ttl integer 1 to 255; 1 is the local network
---@return boolean|nil ok nil and the error if the system refuses
---@return Error|nil err
function class_dgram_Socket:setMulticastTTL(ttl) end

--- Whether multicast datagrams that this socket sends come back to this machine.
---@param on boolean
---@return boolean|nil ok nil and the error if the system refuses
---@return Error|nil err
function class_dgram_Socket:setMulticastLoopback(on) end

--- The interface that multicast datagrams leave by.
---@param interface string its address
---@return boolean|nil ok nil and the error if the system refuses
---@return Error|nil err
function class_dgram_Socket:setMulticastInterface(interface) end

--- The system's send buffer in bytes.
---@return integer|nil size nil and the error if the socket has none yet
---@return Error|nil err
function class_dgram_Socket:getSendBufferSize() end

--- Sets the system's send buffer.
---@param size integer bytes
---@return boolean|nil ok
---@return Error|nil err
function class_dgram_Socket:setSendBufferSize(size) end

--- The system's receive buffer in bytes.
---@return integer|nil size nil and the error if the socket has none yet
---@return Error|nil err
function class_dgram_Socket:getRecvBufferSize() end

--- Sets the system's receive buffer.
---@param size integer bytes
---@return boolean|nil ok
---@return Error|nil err
function class_dgram_Socket:setRecvBufferSize(size) end

--- The loop waits for this socket again; undoes `unref`.
---@return dgram.Socket self
function class_dgram_Socket:ref() end

--- The loop does not wait for this socket any more.
---@return dgram.Socket self
function class_dgram_Socket:unref() end

dgram.Socket = class_dgram_Socket

--- Makes a UDP socket.
---@param type string|nil "udp4" (also when left out) or "udp6"
---@param onMessage nil|fun(data: string, from: table) a listener for `message`
---@return dgram.Socket socket
function dgram.createSocket(type, onMessage) end

return dgram
