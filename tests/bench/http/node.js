// The reference. Usage: node node.js MODE [CERT KEY]
'use strict';
const [mode, cert, key] = process.argv.slice(2);
const megabyte = Buffer.alloc(1024 * 1024, 'x');
const hello = (req, res) => {
  res.setHeader('Content-Type', 'text/plain');
  res.end('Hello World\n');
};
const handlers = {
  hello, https: hello, idle: hello,
  echo: (req, res) => {
    const parts = [];
    req.on('data', (chunk) => parts.push(chunk));
    req.on('end', () => {
      const value = JSON.parse(Buffer.concat(parts).toString());
      res.setHeader('Content-Type', 'application/json');
      res.end(JSON.stringify(value));
    });
  },
  download: (req, res) => {
    res.setHeader('Content-Type', 'application/octet-stream');
    res.end(megabyte);
  },
};
let server;
if (mode === 'https') {
  const fs = require('fs');
  server = require('https').createServer(
    { cert: fs.readFileSync(cert), key: fs.readFileSync(key) }, handlers[mode]);
} else {
  server = require('http').createServer(handlers[mode]);
}
if (mode === 'idle') server.keepAliveTimeout = 0;
server.listen(0, '127.0.0.1', () => console.log(server.address().port));
