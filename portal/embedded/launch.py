"""Become another program that dies with its parent and, started by root, is not root.

Run by its path, alone:
`python -I -S launch.py PARENT SIGNAL UID GID RIGHTS PROGRAM [ARGUMENT…]`.
PARENT is the process to die with and SIGNAL what to die of, 0 for nothing; UID 0 means "stay who
you are". RIGHTS are letters for what is kept of root's: `r` to read and search everything, `b` to
listen on ports below 1024, `-` nothing.

PostgreSQL refuses root, but root's virtual environment and data may well lie where nobody else may
look (a home directory of mode 0700). Rather than opening such directories to everyone, the new
process keeps the capability to read and search any directory. It may write only its own.
"""

from __future__ import annotations

import ctypes
import os
import sys

PR_SET_PDEATHSIG = 1
PR_SET_KEEPCAPS = 8
PR_SET_NO_NEW_PRIVS = 38
PR_CAP_AMBIENT = 47
PR_CAP_AMBIENT_RAISE = 2
CAP_DAC_OVERRIDE = 1
CAP_DAC_READ_SEARCH = 2
CAP_NET_BIND_SERVICE = 10
CAPABILITY_VERSION_3 = 0x20080522
# By letter, the narrower first: a container may have been given only the wider of the two.
RIGHTS = {"r": (CAP_DAC_READ_SEARCH, CAP_DAC_OVERRIDE), "b": (CAP_NET_BIND_SERVICE,)}

# exec would lose these settings were the program setuid; PostgreSQL's and Redis's are not.
_LIBC = ctypes.CDLL(None, use_errno=True)


class _Header(ctypes.Structure):
    _fields_ = (("version", ctypes.c_uint32), ("pid", ctypes.c_int))


class _Sets(ctypes.Structure):
    """32 capabilities as bits; the kernel takes two of these, for 64."""

    _fields_ = (
        ("effective", ctypes.c_uint32),
        ("permitted", ctypes.c_uint32),
        ("inheritable", ctypes.c_uint32),
    )


def main(arguments: list[str]) -> None:
    """Change identity, tie this process to its parent, and become the program."""
    parent, signal, uid, gid = (int(argument) for argument in arguments[:4])
    if uid:
        try:
            _become(uid, gid, arguments[4])
        except OSError as error:
            sys.exit(f"cannot run as the system user {uid}: {error.strerror}")
    if sys.platform == "linux" and signal:
        # After the change of identity, which clears it.
        _LIBC.prctl(PR_SET_PDEATHSIG, signal, 0, 0, 0)
        if os.getppid() != parent:
            sys.exit(0)
    program = arguments[5]
    try:
        os.execv(program, arguments[5:])  # noqa: S606 - replacing this process is the purpose
    except OSError as error:
        sys.exit(f"cannot run {program}: {error.strerror}")


def _become(uid: int, gid: int, rights: str) -> None:
    """Turn from root into `uid` for good, keeping only these rights."""
    header, sets = _Header(CAPABILITY_VERSION_3, 0), (_Sets * 2)()
    _LIBC.capget(ctypes.byref(header), ctypes.byref(sets))
    kept = []
    for letter, capabilities in RIGHTS.items():
        there = [one for one in capabilities if sets[0].permitted >> one & 1]
        kept += there[:1] if letter in rights else []
    _LIBC.prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0)
    os.setgroups([])
    os.setresgid(gid, gid, gid)
    os.setresuid(uid, uid, uid)
    bits = sum(1 << one for one in kept)
    sets = (_Sets * 2)(_Sets(bits, bits, bits), _Sets(0, 0, 0))
    _LIBC.capset(ctypes.byref(header), ctypes.byref(sets))
    for one in kept:
        _LIBC.prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, one, 0, 0)
    # No program that is set to another user's identity leads back.
    _LIBC.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    os.umask(0o077)


if __name__ == "__main__":
    main(sys.argv[1:])
