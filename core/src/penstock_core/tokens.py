"""JSON Web Tokens: signed by data-access with its private key, verified by everybody else locally.

Claims: ``sub`` (who), ``roles``, ``aud`` (the services that it is meant for), ``iat``, ``exp``
(at most 15 minutes after ``iat``), ``iss``. The algorithm is EdDSA over Ed25519 and nothing else
is accepted, so a token cannot choose how it is checked (OWASP ASVS 5.0, 9.1).
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from pathlib import Path

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from penstock_core.clock import now
from penstock_core.errors import Forbidden, NotAuthenticated
from penstock_core.rights import Right, Role, rights_of

ALGORITHM = "EdDSA"
ISSUER = "penstock"
LIFETIME = timedelta(minutes=15)
AUDIENCES = ("data-access", "dsm", "pilot", "template-manager")


@dataclass(frozen=True, slots=True)
class Identity:
    """Who is asking, as a verified token says it."""

    subject: str
    roles: frozenset[Role]
    expires_at: datetime

    @property
    def rights(self) -> frozenset[Right]:
        return rights_of(self.roles)

    def require(self, right: Right) -> None:
        """Raise ``Forbidden`` unless this identity has ``right``."""
        if right not in self.rights:
            held = ", ".join(sorted(self.roles)) or "no role"
            raise Forbidden(
                f"{self.subject} ({held}) has no right to {right}.",
                hint="An admin can give the role: penstock user role, or PATCH /users/{id}.",
                facts={"right": str(right), "roles": sorted(self.roles)},
            )


@dataclass(frozen=True, slots=True)
class Signer:
    """The private half: makes tokens. Only data-access has one."""

    private_key_pem: str

    def sign(
        self,
        subject: str,
        roles: Iterable[Role],
        audience: Iterable[str] = AUDIENCES,
        lifetime: timedelta = LIFETIME,
    ) -> str:
        """Return a token for ``subject``, valid from now for ``lifetime`` (at most 15 minutes)."""
        issued = now()
        claims = {
            "sub": subject,
            "roles": sorted(roles),
            "aud": list(audience),
            "iss": ISSUER,
            "iat": issued,
            "exp": issued + min(lifetime, LIFETIME),
        }
        return jwt.encode(claims, self.private_key_pem, algorithm=ALGORITHM)


@dataclass(frozen=True, slots=True)
class Verifier:
    """The public half: checks tokens meant for ``audience``."""

    public_key_pem: str
    audience: str

    def verify(self, token: str) -> Identity:
        """Return who ``token`` speaks for; raises ``NotAuthenticated`` and says why."""
        try:
            caller = _verified(self.public_key_pem, self.audience, token)
        except jwt.ExpiredSignatureError as error:
            raise _expired() from error
        except jwt.InvalidAudienceError as error:
            raise NotAuthenticated(
                f"The token is not meant for {self.audience}.", hint="Sign in again."
            ) from error
        except (jwt.InvalidTokenError, ValueError) as error:
            raise NotAuthenticated(
                "The token is not one of ours: its signature or form is wrong.",
                hint="Sign in: POST /auth/jwt/login.",
            ) from error
        if caller.expires_at <= now():
            raise _expired()
        return caller


@lru_cache(maxsize=256)
def _verified(public_key_pem: str, audience: str, token: str) -> Identity:
    """Return who ``token`` speaks for. A token is checked once; whether it has expired, each time.

    Services call each other hundreds of times with one token. What is refused is not remembered.
    """
    claims = jwt.decode(
        token,
        public_key_pem,
        algorithms=[ALGORITHM],
        audience=audience,
        issuer=ISSUER,
        options={"require": ["sub", "exp", "aud", "iss"]},
    )
    roles = frozenset(Role(role) for role in claims.get("roles", []))
    expires = datetime.fromtimestamp(claims["exp"], tz=now().tzinfo)
    return Identity(str(claims["sub"]), roles, expires)


def _expired() -> NotAuthenticated:
    return NotAuthenticated("The token has expired.", hint="Refresh it: POST /auth/jwt/refresh.")


def make_key_pair(private_file: Path, public_file: Path) -> None:
    """Write a new Ed25519 key pair as PEM, the private one readable by its owner alone.

    Does nothing where the private one is there; the public one is then written from it.
    """
    if private_file.exists():
        pem = private_file.read_bytes()
        key = serialization.load_pem_private_key(pem, password=None)
    else:
        key = Ed25519PrivateKey.generate()
        pem = key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        write_secret(private_file, pem.decode())
    public = key.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    if not (public_file.exists() and public_file.read_bytes() == public):  # others read it
        partial = public_file.with_name(public_file.name + ".partial")
        partial.write_bytes(public)
        partial.replace(public_file)


def write_secret(path: Path, text: str) -> None:
    """Write ``text`` to a file that its owner alone can read, whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(path.name + ".partial")
    partial.touch(mode=0o600)
    partial.write_text(text)
    partial.replace(path)
