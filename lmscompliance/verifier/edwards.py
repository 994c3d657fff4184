"""Ed25519 verification in plain Python (RFC 8032, 5.1), for machines where ``cryptography`` is not installed.

It only verifies, so nothing here is secret and nothing has to run in constant time. Points are extended
homogeneous coordinates (X, Y, Z, T) with x = X/Z, y = Y/Z, x*y = T/Z.
"""

from __future__ import annotations

import hashlib

_P = 2**255 - 19
_ORDER = 2**252 + 27742317777372353535851937790883648493
_D = -121665 * pow(121666, -1, _P) % _P
_ROOT_OF_MINUS_ONE = pow(2, (_P - 1) // 4, _P)
_SIGN = 1 << 255
_KEY = 32
_SIGNATURE = 64

Point = tuple[int, int, int, int]
_NEUTRAL: Point = (0, 1, 1, 0)


def well_formed(key: bytes, signature: bytes) -> bool:
    """Tell whether both are the one spelling that RFC 8032 allows, and the key is no point of small order.

    Libraries differ in this (taming the many EdDSAs, Chalkias et al.); asked first, it makes every verifier
    of ours give one answer. A key of small order would accept a signature on anything.
    """
    if len(key) != _KEY or len(signature) != _SIGNATURE:
        return False
    if int.from_bytes(signature[_KEY:], "little") >= _ORDER or _point(signature[:_KEY]) is None:
        return False
    point = _point(key)
    return point is not None and not _is_neutral(_times(8, point))


def verify(key: bytes, signature: bytes, message: bytes) -> bool:
    """Tell whether ``signature`` (R, S) over ``message`` fits ``key`` (A): S·B = R + k·A."""
    if not well_formed(key, signature):
        return False
    public, commitment = _point(key), _point(signature[:_KEY])
    if public is None or commitment is None:  # pragma: no cover  # well_formed has seen both
        return False
    digest = hashlib.sha512(signature[:_KEY] + key + message).digest()
    challenge = int.from_bytes(digest, "little") % _ORDER
    left = _times(int.from_bytes(signature[_KEY:], "little"), _BASE)
    return _same(left, _plus(commitment, _times(challenge, public)))


def _point(encoded: bytes) -> Point | None:
    """Decode 32 bytes (RFC 8032, 5.1.3); ``None`` for what is no point or another spelling of one."""
    number = int.from_bytes(encoded, "little")
    y, odd = number & (_SIGN - 1), bool(number & _SIGN)
    if y >= _P:
        return None
    square = (y * y - 1) * pow(_D * y * y + 1, -1, _P) % _P
    x = pow(square, (_P + 3) // 8, _P)
    if (x * x - square) % _P:
        x = x * _ROOT_OF_MINUS_ONE % _P
    if (x * x - square) % _P or (x == 0 and odd):
        return None
    if (x & 1) != odd:
        x = _P - x
    return x, y, 1, x * y % _P


def _plus(one: Point, other: Point) -> Point:
    (x1, y1, z1, t1), (x2, y2, z2, t2) = one, other
    a, b = (y1 - x1) * (y2 - x2) % _P, (y1 + x1) * (y2 + x2) % _P
    c, d = 2 * t1 * t2 * _D % _P, 2 * z1 * z2 % _P
    e, f, g, h = b - a, d - c, d + c, b + a
    return e * f % _P, g * h % _P, f * g % _P, e * h % _P


def _times(factor: int, point: Point) -> Point:
    result = _NEUTRAL
    while factor:
        if factor & 1:
            result = _plus(result, point)
        point = _plus(point, point)
        factor >>= 1
    return result


def _same(one: Point, other: Point) -> bool:
    return not ((one[0] * other[2] - other[0] * one[2]) % _P or (one[1] * other[2] - other[1] * one[2]) % _P)


def _is_neutral(point: Point) -> bool:
    return _same(point, _NEUTRAL)


def _base() -> Point:
    point = _point((4 * pow(5, -1, _P) % _P).to_bytes(_KEY, "little"))
    if point is None:  # pragma: no cover  # 4/5 is the standard's base point
        raise AssertionError
    return point


_BASE = _base()
