"""``take`` and ``publish`` pass serialized messages between rcl and NumPy without other copies."""

from __future__ import annotations

import ctypes

import numpy as np
from rclpy.publisher import Publisher
from rclpy.subscription import Subscription

# rclpy copies a serialized message once more each way, and holds Python's lock meanwhile. These
# functions, and the addresses that rclpy gives of its entities, are the same from Humble on.
_rcl = ctypes.CDLL('librcl.so')
_rcutils = ctypes.CDLL('librcutils.so')

_OK, _NOTHING_TO_TAKE = 0, 401


class _Allocator(ctypes.Structure):
    _fields_ = [(name, ctypes.c_void_p) for name in ('get', 'free', 'resize', 'zeroed', 'state')]


class _Octets(ctypes.Structure):
    _fields_ = [
        ('buffer', ctypes.c_void_p),
        ('length', ctypes.c_size_t),
        ('capacity', ctypes.c_size_t),
        ('allocator', _Allocator),
    ]


class _ErrorText(ctypes.Structure):
    _fields_ = [('text', ctypes.c_char * 1024)]


_take = _rcl.rcl_take_serialized_message
_take.argtypes = [ctypes.c_void_p, ctypes.POINTER(_Octets), ctypes.c_void_p, ctypes.c_void_p]
_publish = _rcl.rcl_publish_serialized_message
_publish.argtypes = [ctypes.c_void_p, ctypes.POINTER(_Octets), ctypes.c_void_p]
_free = _rcutils.rcutils_uint8_array_fini
_free.argtypes = [ctypes.POINTER(_Octets)]
_rcutils.rcutils_get_default_allocator.restype = _Allocator
_ALLOCATOR = _rcutils.rcutils_get_default_allocator()
_error_text = _rcutils.rcutils_get_error_string
_error_text.restype = _ErrorText


class _Taken:
    """Own the memory of a message that was taken; NumPy views it, and keeps this alive."""

    def __init__(self) -> None:
        self.octets = _Octets(allocator=_ALLOCATOR)

    @property
    def __array_interface__(self) -> dict[str, object]:
        address, length = self.octets.buffer, self.octets.length
        return {'version': 3, 'typestr': '|u1', 'shape': (length,), 'data': (address, False)}

    def __del__(self) -> None:
        _free(self.octets)


def take(subscription: Subscription) -> np.ndarray | None:
    """
    Take the oldest message that waits.

    :returns: uint8 [length], CDR with its header of four bytes; None where none waits
    :raises RuntimeError: if rcl cannot take it
    """
    taken = _Taken()
    with subscription.handle:
        code = _take(subscription.handle.pointer, taken.octets, None, None)
    if code == _NOTHING_TO_TAKE:
        return None
    _check(code, 'take a message')
    return np.asarray(taken) if taken.octets.length else np.empty(0, np.uint8)


def publish(publisher: Publisher, message: np.ndarray) -> None:
    """
    Publish a serialized message; its memory is the caller's again on return.

    :param message: uint8 [length], contiguous: CDR with its header of four bytes
    :raises RuntimeError: if rcl cannot publish it
    """
    octets = _Octets(message.ctypes.data, message.size, message.size, _ALLOCATOR)
    with publisher.handle:
        _check(_publish(publisher.handle.pointer, octets, None), 'publish a message')


def _check(code: int, what: str) -> None:
    if code != _OK:
        text = _error_text().text.decode(errors='replace')
        _rcutils.rcutils_reset_error()
        raise RuntimeError(f'rcl cannot {what} (code {code}): {text}')
