"""A systemd for tests: python3-dbusmock as org.freedesktop.systemd1.

systemd_mock.py ADDRESS UNITS
"""
import string
import sys

import dbus
import dbus.bus
import dbus.mainloop.glib
import dbusmock.mockobject
from gi.repository import GLib

NAME = "org.freedesktop.systemd1"
ROOT = "/org/freedesktop/systemd1"
STATES = ["active", "active", "active", "inactive", "failed", "activating", "deactivating"]
KINDS = ["service", "service", "timer", "socket", "mount", "target", "path"]


def escaped(name):
    plain = string.ascii_letters + string.digits
    return "".join(c if c in plain else "_%02x" % ord(c) for c in name)


def properties(kind, i):
    if kind == "service":
        return {"Type": ["simple", "oneshot", "notify"][i % 3], "NRestarts": dbus.UInt32(i % 5)}
    if kind == "timer":
        return {"LastTriggerUSec": dbus.UInt64(1700000000250000 + i)}
    if kind == "socket":
        return {"NAccepted": dbus.UInt32(i), "NConnections": dbus.UInt32(i % 3),
                "NRefused": dbus.UInt32(i % 2)}
    if kind == "mount":
        return {"Type": "ext4"}
    return {}


dbus.mainloop.glib.DBusGMainLoop(set_as_default=True)
bus = dbus.bus.BusConnection(sys.argv[1])
manager = dbusmock.mockobject.DBusMockObject(
    dbus.service.BusName(NAME, bus), ROOT, NAME + ".Manager",
    {"SystemState": "degraded", "Version": "252.39-1~deb12u1"})
units = []
for i in range(int(sys.argv[2])):
    kind = KINDS[i % len(KINDS)]
    name = "u%d-a@b.%s" % (i, kind)
    path = ROOT + "/unit/" + escaped(name)
    manager.AddObject(path, NAME + "." + kind.capitalize(), properties(kind, i), [])
    load = "not-found" if i % 11 == 10 else "loaded"
    units.append((name, "Unit %d" % i, load, STATES[i // 3 % len(STATES)], "sub", "",
                  dbus.ObjectPath(path), dbus.UInt32(0), "", dbus.ObjectPath("/")))
manager.units = dbus.Array(units, signature="(ssssssouso)")
manager.AddMethod("", "ListUnits", "", "a(ssssssouso)", "ret = self.units")
print("ready", file=sys.stderr, flush=True)
GLib.MainLoop().run()
