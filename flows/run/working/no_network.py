"""Processes without a network: Linux's filter of system calls (seccomp) refuses them every socket but local ones."""

from __future__ import annotations

import ctypes
import errno
import platform
import socket
import sys

SECCOMP, SOCKET, ARCHITECTURE = {"x86_64": (317, 41, 0xC000003E), "aarch64": (277, 198, 0xC00000B7)}.get(
    platform.machine(), (0, 0, 0)
)
"""Numbers of the system calls `seccomp` and `socket`, and of the architecture (Linux: asm/unistd.h, linux/audit.h)."""
IO_URING_SETUP = 425
"""Number of the call through which sockets can be made without `socket`; the same on both architectures."""
FIRST_X32 = 0x40000000
"""From this number on, x86_64 has a second set of the same calls."""

# instructions of the filter, and the places of its input (linux/filter.h, linux/seccomp.h)
LOAD, IF_EQUAL, IF_NOT_LESS, RETURN = 0x20, 0x15, 0x35, 0x06
CALL, CALLED_ON, FIRST_ARGUMENT = 0, 4, 16
ALLOWED, REFUSED = 0x7FFF0000, 0x00050000 | errno.EACCES
SET_FILTER, FOR_ALL_THREADS, AS_FAST_AS_BEFORE = 1, 1, 4
"""The last flag keeps kernels before 5.16 from slowing a filtered process down (SECCOMP_FILTER_FLAG_SPEC_ALLOW)."""
NO_NEW_PRIVILEGES = 38


class _Instruction(ctypes.Structure):
    _fields_ = (
        ("code", ctypes.c_ushort),
        ("then", ctypes.c_ubyte),
        ("otherwise", ctypes.c_ubyte),
        ("k", ctypes.c_uint),
    )


class _Filter(ctypes.Structure):
    _fields_ = (("count", ctypes.c_ushort), ("instructions", ctypes.POINTER(_Instruction)))


def leave_network() -> bool:
    """Refuse this process, and those that it starts, all sockets but Unix ones, for good.

    Returns False where that is impossible: not Linux, another architecture than x86_64 and arm64, or a kernel without
    filters.
    """
    if sys.platform != "linux" or not SECCOMP:
        return False
    program = (
        (LOAD, 0, 0, CALLED_ON),
        (IF_EQUAL, 0, 6, ARCHITECTURE),  # else refused: 32-bit calls have other numbers
        (LOAD, 0, 0, CALL),
        (IF_NOT_LESS, 4, 0, FIRST_X32),
        (IF_EQUAL, 3, 0, IO_URING_SETUP),
        (IF_EQUAL, 0, 3, SOCKET),  # else allowed
        (LOAD, 0, 0, FIRST_ARGUMENT),
        (IF_EQUAL, 1, 0, int(socket.AF_UNIX)),
        (RETURN, 0, 0, REFUSED),
        (RETURN, 0, 0, ALLOWED),
    )
    instructions = (_Instruction * len(program))(*program)
    libc = ctypes.CDLL(None)
    if libc.prctl(NO_NEW_PRIVILEGES, 1, 0, 0, 0):
        return False
    given = ctypes.byref(_Filter(len(program), instructions))
    return libc.syscall(SECCOMP, SET_FILTER, FOR_ALL_THREADS | AS_FAST_AS_BEFORE, given) == 0
