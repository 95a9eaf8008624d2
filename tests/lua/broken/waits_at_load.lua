local socket = net.connect("127.0.0.1", 80)
