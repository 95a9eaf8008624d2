local socket = virgo.tcp.connect("127.0.0.1", 80)
