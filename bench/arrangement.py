"""A JupyterHub that is up, and what is done to it while it is measured."""

import http.client
from abc import ABC, abstractmethod
from enum import StrEnum
from urllib.parse import urlsplit

import docker
from docker.models.containers import Container

from bench.figures import Subject
from bench.load import unchecked
from tests.integration.person import Person, wait_until


class Image(StrEnum):
    """An image that both arrangements have; the value is its folder below `images/`."""

    HUB = "hub"
    NOTEBOOK = "notebook"
    REVERSE_PROXY = "reverse_proxy"


class Arrangement(ABC):
    """A JupyterHub that is up, and how to get in."""

    def __init__(
        self, engine: docker.DockerClient, subject: Subject, *, url: str, ca_certificate_pem: str, password: str
    ) -> None:
        self.engine = engine
        self.subject = subject
        self.url = url
        self.ca_certificate_pem = ca_certificate_pem
        self._password = password

    @property
    @abstractmethod
    def front_door(self) -> str:
        """Address past Docker's port forwarding, which would be a part of both."""

    @abstractmethod
    def server(self, name: str) -> Container:
        """The container of a user's server."""

    @abstractmethod
    def up(self) -> None:
        """Bring it to what its files say, as an operator does."""

    @abstractmethod
    def renew(self, image: Image) -> None:
        """Have another image from now on, with the same content; `up` brings it into use."""

    @abstractmethod
    def have_servers_watched(self) -> None:
        """Have servers from now on come with the health check of Jupyter Docker Stacks, if it lets them."""

    @abstractmethod
    def change_setting(self) -> None:
        """Set another limit for users' servers; `up` brings it into use."""

    @abstractmethod
    def remove(self) -> None:
        """Remove all of it but its images."""

    def person(self, name: str) -> Person:
        """Somebody who has logged in."""
        return Person(name, self.url, self.ca_certificate_pem).log_in(self._password)

    def up_until_log_in(self) -> None:
        """Bring it up and wait until its log-in page answers."""
        self.up()
        self.wait_for_log_in()

    def wait_for_log_in(self) -> None:
        """Wait until its log-in page answers."""
        wait_until(self._has_log_in_page, f"the log-in page of {self.subject.value}", pause=0.05)

    def _has_log_in_page(self) -> bool:
        connection = http.client.HTTPSConnection(urlsplit(self.url).netloc, timeout=5, context=unchecked())
        try:
            connection.request("GET", "/hub/login")
            return connection.getresponse().status == http.HTTPStatus.OK
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()


def address(engine: docker.DockerClient, container: str, network: str) -> str:
    """Where a container is in a network."""
    found: str = engine.containers.get(container).attrs["NetworkSettings"]["Networks"][network]["IPAddress"]
    return found
