"""The public suites: where each is from, what it needs, and how it is run."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True)
class PublicSuite:
    """One suite; its name is that of its folder, and of its environment below `venv`."""

    name: str
    repository: str
    revision: str
    """That was measured; another one may do as well."""
    python: str
    install: str
    """What follows `uv pip install`, in `folder`."""
    packages: str = ""
    """What Debian packages its requirements are built from, if any."""
    needs: str = ""
    """What must be done in PostgreSQL before, if anything."""
    steps: tuple[str, ...] = ()
    """What else must be done at the end; `$PYTHON` is the environment's."""
    folder: str = "."
    """Where pytest runs, from the checkout's root."""
    arguments: tuple[str, ...] = ()
    environ: dict[str, str] = field(default_factory=dict)
    never_strict: str = ""
    """Why it cannot be run with `-W error`, if it cannot."""
    real: dict[str, str] = field(default_factory=dict)
    """Async tests that need `transaction=True`, by the end of their names, and why."""

    def preparation(self) -> str:
        """The commands that make what the runs need, in the folder that will hold all suites."""
        steps = [
            f"# {self.name}",
            f"git clone https://github.com/{self.repository} {self.name}",
            f"git -C {self.name} checkout {self.revision}",
            f"apt-get install {self.packages}" if self.packages else "",
            f'psql -c "{self.needs}"' if self.needs else "",
            f"uv venv --python {self.python} venv/{self.name}",
            f"ENVIRONMENT=$PWD/venv/{self.name}",
            f'(cd {self.name}/{self.folder} && uv pip install --python "$ENVIRONMENT" {self.install})',
            "PYTHON=$ENVIRONMENT/bin/python" if self.steps else "",
            *self.steps,
        ]
        return "\n".join(filter(None, steps))


# For a server on this machine that asks for no password.
_TENZU = {
    "TENZU_DB__NAME": "tenzu",
    "TENZU_DB__USER": "root",
    "TENZU_DB__HOST": "127.0.0.1",
    "TENZU_SECRET_KEY": "secret",
    "TENZU_TOKENS__SIGNING_KEY": "secret2",
    "TENZU_BACKEND_URL": "http://localhost",
    "TENZU_FRONTEND_URL": "http://localhost",
}
_CONVERSATIONS = {
    "DJANGO_CONFIGURATION": "Test",
    "DJANGO_SETTINGS_MODULE": "conversations.settings",
    "DB_HOST": "127.0.0.1",
    # Its .env names the port of its container.
    "DB_PORT": "5432",
    "AWS_S3_ENDPOINT_URL": "http://localhost:9000",
}

SUITES = (
    PublicSuite(
        "strawberry-django",
        "strawberry-graphql/strawberry-django",
        "7e48175",
        "3.13",
        # As it was locked: the package that it extends has changed.
        "-r <(uv export -q --frozen --no-hashes --no-emit-project)",
        arguments=("--no-cov",),
    ),
    PublicSuite(
        "django-modern-rest",
        "wemake-services/django-modern-rest",
        "76897cf6",
        "3.13",
        # As it was locked: it turns warnings into errors, and a newer pytest-asyncio warns.
        "-r <(uv export -q --frozen --no-hashes --all-groups --all-extras)",
        # 26 of its tests start Redis by Docker; where there is none they fail, and one more is told of their socket.
        # Without its coverage, and patient: its five seconds a test are for an idle machine.
        arguments=("-o", "addopts=--strict-markers --tb=short", "-o", "testpaths=tests", "--timeout=60"),
    ),
    PublicSuite(
        "channels",
        "django/channels",
        "60cbc43",
        "3.13",
        "'.[tests,daphne]' 'django~=6.1.0'",
        # pytest-asyncio warns where it is not set.
        arguments=("-o", "asyncio_default_fixture_loop_scope=function"),
    ),
    PublicSuite(
        "djangochannelsrestframework",
        "NilCoalescing/djangochannelsrestframework",
        "4081797",
        "3.12",
        "'.[tests]' 'django~=5.2.0'",
    ),
    PublicSuite(
        "django-async-extensions",
        "django-utils/django-async-extensions",
        "417caf5",
        "3.12",
        "'django~=5.2.0' 'pytest~=8.3' 'pytest-asyncio~=0.25.3' 'pytest-django~=4.10' 'pytest-subtests~=0.14' "
        "pytest-mock pillow",
    ),
    PublicSuite(
        "tenzu-back",
        "BIRU-Scop/tenzu-back",
        "0809061",
        "3.14",
        "-r ../buildrun/docker/tenzu/requirements/devel.txt",
        packages="libcairo2-dev libldap2-dev libpq-dev libsasl2-dev nodejs npm",
        # A migration converts texts by a script of Node's. Its settings switch Sentry's hook on. Two tests want a
        # server that sorts by a locale, one its messages compiled; an import has five seconds, for an idle machine.
        steps=("(cd tenzu-back/src/scripts && npm ci)",),
        folder="src",
        arguments=("-n", "0"),
        environ=_TENZU,
    ),
    PublicSuite(
        "conversations",
        "suitenumerique/conversations",
        "4086ab9",
        "3.14",
        "'.[dev]'",
        packages="gettext libmagic1 npm pandoc shared-mime-info",
        needs="CREATE ROLE dinum SUPERUSER LOGIN PASSWORD 'pass'",
        steps=(
            "cp conversations/docker/files/etc/mime.types /etc/mime.types && mkdir -p /data/media /data/static",
            "(cd conversations/src/mail && npm install)",
            "(cd conversations/src/mail && npm run build-mjml-to-html && npm run build-html-to-plain-text)",
            '(cd conversations/src/backend && "$PYTHON" -m django compilemessages)',
            # In the place of its store of objects.
            "uv venv venv/moto && uv pip install --python venv/moto 'moto[server,s3]'",
            "venv/moto/bin/moto_server -H 127.0.0.1 -p 9000 &",
            "curl -X PUT http://127.0.0.1:9000/conversations-media-storage",
        ),
        folder="src/backend",
        environ=_CONVERSATIONS,
        never_strict="Python's own warning of the loader of django-configurations ends pytest before it begins",
    ),
    PublicSuite(
        "pytest-django",
        "pytest-dev/pytest-django",
        "67f9798",
        "3.13",
        "-e . --group pyproject.toml:testing --group pyproject.toml:xdist 'django~=6.1.0'",
    ),
)
