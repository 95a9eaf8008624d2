"""What a MySQL 8 says, for as much as mysql.lua asks: Debian has no MySQL.

usage: mysql8.py PORT CERTIFICATE KEY plain|switching|early

Users, all with the password "secret": "cached" is proven by the fast path of
caching_sha2_password, "full" has to send the password, in TLS. "switching" greets
with mysql_native_password and wants the other then. "early" is the last version without
SHOW REPLICA STATUS.
"""
import hashlib
import os
import socket
import socketserver
import ssl
import struct
import sys

OK = b"\0\0\0\2\0\0\0"
EOF = b"\xfe\0\0\2\0"


def error(code, text):
    return b"\xff" + struct.pack("<H", code) + b"#HY000" + text.encode()


def text(value):
    return b"\xfb" if value is None else bytes([len(value)]) + value.encode()


def sha(data):
    return hashlib.sha256(data).digest()


def proof(nonce):
    password = b"secret"
    mask = sha(sha(sha(password)) + nonce)
    return bytes(a ^ b for a, b in zip(sha(password), mask))


TABLES = {
    "SHOW GLOBAL VARIABLES": (["Variable_name", "Value"], [["version", "8.4.0"], ["max_connections", "151"]]),
    "SHOW GLOBAL STATUS": (["Variable_name", "Value"], [["Uptime", "7"], ["Queries", "18446744073709551615"]]),
    "SHOW REPLICA STATUS": (
        ["Replica_IO_Running", "Read_Source_Log_Pos", "Seconds_Behind_Source", "Last_Error"],
        [["Yes", "1234", "3", None]]),
}
EARLY_TABLES = {
    "SHOW GLOBAL VARIABLES": (["Variable_name", "Value"], [["version", "8.0.21"]]),
    "SHOW GLOBAL STATUS": (["Variable_name", "Value"], [["Uptime", "7"]]),
    "SHOW SLAVE STATUS": (["Slave_IO_Running", "Seconds_Behind_Master"], [["Yes", "5"]]),
}


class Session(socketserver.BaseRequestHandler):
    def send(self, packet):
        self.request.sendall(struct.pack("<I", len(packet))[:3] + bytes([self.count % 256]) + packet)
        self.count += 1

    def take(self, size):
        data = b""
        while len(data) < size:
            more = self.request.recv(size - len(data))
            if not more:
                raise ConnectionError
            data += more
        return data

    def receive(self):
        head = self.take(4)
        self.count = head[3] + 1
        return self.take(int.from_bytes(head[:3], "little"))

    def log_in(self):
        nonce = os.urandom(20).hex().encode()[:20]
        flags = 0x000A8A01
        self.count = 0
        method = b"mysql_native_password" if self.server.switches else b"caching_sha2_password"
        self.send(b"\x0a8.4.0\0" + b"\1\0\0\0" + nonce[:8] + b"\0" + struct.pack("<H", flags & 0xFFFF)
                  + b"\xff\2\0" + struct.pack("<H", flags >> 16) + b"\x15" + b"\0" * 10 + nonce[8:] + b"\0"
                  + method + b"\0")
        answer = self.receive()
        secure = len(answer) == 32
        if secure:
            self.request = self.server.tls.wrap_socket(self.request, server_side=True)
            answer = self.receive()
        user, rest = answer[32:].split(b"\0", 1)
        given, method = rest[1:1 + rest[0]], rest[1 + rest[0]:].rstrip(b"\0")
        if method != b"caching_sha2_password":
            nonce = nonce[::-1]
            self.send(b"\xfecaching_sha2_password\0" + nonce + b"\0")
            given = self.receive()
        good = given == proof(nonce)
        if good and user == b"full":
            self.send(b"\1\4")
            good = self.receive() == (b"secret\0" if secure else b"")
        elif good:
            self.send(b"\1\3")
        self.send(OK if good else error(1045, "Access denied"))
        return good

    def handle(self):
        self.request.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        try:
            if not self.log_in():
                return
            while True:
                packet = self.receive()
                if packet == b"\1":  # COM_QUIT
                    return
                names, rows = self.server.tables.get(packet[1:].decode(), (None, None))
                if names is None:
                    self.send(error(1064, "You have an error in your SQL syntax"))
                    continue
                self.send(bytes([len(names)]))
                for name in names:
                    self.send(b"".join(map(text, ["def", "", "", "", name, name])) + b"\x0c" + b"\0" * 12)
                self.send(EOF)
                for row in rows:
                    self.send(b"".join(map(text, row)))
                self.send(EOF)
        except (ConnectionError, ssl.SSLError, OSError):
            pass


class Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True


def main():
    port, certificate, key, kind = sys.argv[1:]
    with Server(("127.0.0.1", int(port)), Session) as server:
        server.tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        server.tls.load_cert_chain(certificate, key)
        server.switches = kind == "switching"
        server.tables = EARLY_TABLES if kind == "early" else TABLES
        server.serve_forever()


main()
