"""What is measured, against what, and what the project wants of it: one entry a figure."""

from dataclasses import dataclass
from enum import StrEnum


class Part(StrEnum):
    """A part of the measurements that can be run by itself; its value is the heading that it has on the page."""

    FRONT_DOOR = "Front door"
    SERVER_STARTS = "Starting servers"
    HUB_CHANGE = "Another image while people work"
    KNOWN_USERS = "Known users"
    PROGRAM = "The program"


class Subject(StrEnum):
    """Who is measured; its value is how the page calls it."""

    OURS = "ours"
    TUTORIAL = "tutorial"
    SERVER_ITSELF = "server itself"
    UNTUNED_RUN = "docker run, untuned"
    OUR_RUN = "docker run, our image"
    KNOWN_100 = "100 users"
    KNOWN_1000 = "1 000 users"
    KNOWN_10000 = "10 000 users"
    IMPORT = "importing pulumi"
    EMPTY = "empty program"
    TERRAFORM = "terraform plan"


@dataclass(frozen=True, kw_only=True)
class Ratio:
    """One subject's value as a multiple of another's, and its bound where the project has set itself one.

    Without another the bound is for the value itself.
    """

    of: Subject
    to: Subject | None
    at_least: float | None = None
    at_most: float | None = None
    missed_because: str | None = None
    """Why the bound is not met, where it is not."""

    def is_met(self, value: float) -> bool:
        """Whether a ratio is within the bound."""
        return not (
            (self.at_least is not None and value < self.at_least) or (self.at_most is not None and value > self.at_most)
        )


@dataclass(frozen=True, kw_only=True)
class Figure:
    """One quantity that several subjects have."""

    part: Part
    title: str
    unit: str
    ratios: tuple[Ratio, ...]


_OURS_TO_TUTORIAL = Ratio(of=Subject.OURS, to=Subject.TUTORIAL)
_OURS_TO_DIRECT = Ratio(of=Subject.OURS, to=Subject.SERVER_ITSELF)
_FRONT_DOOR = (_OURS_TO_TUTORIAL, _OURS_TO_DIRECT)
_RATE = (
    Ratio(of=Subject.OURS, to=Subject.TUTORIAL, at_least=1.3),
    Ratio(of=Subject.OURS, to=Subject.SERVER_ITSELF, at_least=0.6),
)


def _to_untuned(at_most: float | None = None) -> Ratio:
    return Ratio(of=Subject.OURS, to=Subject.UNTUNED_RUN, at_most=at_most)


def _start(count: int, title: str, at_most: float | None = None) -> dict[str, Figure]:
    return {
        f"start_{count}": Figure(
            part=Part.SERVER_STARTS,
            title=title,
            unit="s",
            ratios=(_to_untuned(at_most), _OURS_TO_TUTORIAL, Ratio(of=Subject.OURS, to=Subject.OUR_RUN)),
        ),
        f"start_{count}_failed": Figure(
            part=Part.SERVER_STARTS,
            title=f"{title}: starts that failed first",
            unit="%",
            ratios=(Ratio(of=Subject.OURS, to=None, at_most=0),),
        ),
    }


def _many_to_few(at_most: float | None = None) -> tuple[Ratio, ...]:
    return (
        Ratio(of=Subject.KNOWN_10000, to=Subject.KNOWN_100, at_most=at_most),
        Ratio(of=Subject.KNOWN_1000, to=Subject.KNOWN_100),
    )


def _change(image: str, title: str, missed_because: str | None = None) -> dict[str, Figure]:
    nothing = (Ratio(of=Subject.OURS, to=None, at_most=0, missed_because=missed_because),)
    return {
        f"{image}_failed": Figure(
            part=Part.HUB_CHANGE, title=f"{title}: requests to users' servers that failed", unit="%", ratios=nothing
        ),
        f"{image}_dropped": Figure(
            part=Part.HUB_CHANGE, title=f"{title}: kernel websockets dropped", unit="%", ratios=nothing
        ),
        f"{image}_outage": Figure(
            part=Part.HUB_CHANGE,
            title=f"{title}: longest time in which nobody was let in",
            unit="s",
            ratios=(_OURS_TO_TUTORIAL,),
        ),
        f"{image}_longest": Figure(
            part=Part.HUB_CHANGE,
            title=f"{title}: longest that a request to a user's server took",
            unit="s",
            ratios=(_OURS_TO_TUTORIAL,),
        ),
    }


FIGURES: dict[str, Figure] = {
    "api_rate": Figure(part=Part.FRONT_DOOR, title="small API call, 32 at a time", unit="requests/s", ratios=_RATE),
    "api_p50": Figure(part=Part.FRONT_DOOR, title="small API call, p50", unit="ms", ratios=_FRONT_DOOR),
    "api_p99": Figure(part=Part.FRONT_DOOR, title="small API call, p99", unit="ms", ratios=_FRONT_DOOR),
    "static_rate": Figure(part=Part.FRONT_DOOR, title="static file, 32 at a time", unit="requests/s", ratios=_RATE),
    "static_p50": Figure(part=Part.FRONT_DOOR, title="static file, p50", unit="ms", ratios=_FRONT_DOOR),
    "static_p99": Figure(part=Part.FRONT_DOOR, title="static file, p99", unit="ms", ratios=_FRONT_DOOR),
    "download": Figure(part=Part.FRONT_DOOR, title="download of 200 MB", unit="MB/s", ratios=_FRONT_DOOR),
    "upload": Figure(part=Part.FRONT_DOOR, title="upload of 200 MB", unit="MB/s", ratios=_FRONT_DOOR),
    "echo_p50": Figure(
        part=Part.FRONT_DOOR, title="echo by one of 100 open kernel websockets, p50", unit="ms", ratios=_FRONT_DOOR
    ),
    "echo_p99": Figure(
        part=Part.FRONT_DOOR, title="echo by one of 100 open kernel websockets, p99", unit="ms", ratios=_FRONT_DOOR
    ),
    **_start(1, "one server, from the click until it is ready", at_most=0.8),
    **_start(10, "ten at once, until the last is ready"),
    **_start(30, "thirty at once, until the last is ready", at_most=0.6),
    "idle_memory": Figure(
        part=Part.SERVER_STARTS,
        title="memory of an idle server, without the page cache",
        unit="MB",
        ratios=(_to_untuned(at_most=0.85), _OURS_TO_TUTORIAL),
    ),
    "idle_processor": Figure(
        part=Part.SERVER_STARTS,
        title="processor time of an idle server",
        unit="% of a core",
        ratios=(_to_untuned(), _OURS_TO_TUTORIAL),
    ),
    **_change("hub", "another hub"),
    **_change("notebook", "another notebook image"),
    **_change(
        "reverse_proxy",
        "another reverse proxy",
        missed_because="one process has the site's port and everybody's connections, which end with its container. "
        "JupyterLab connects anew by itself, and kernels run on.",
    ),
    "known_log_in": Figure(part=Part.KNOWN_USERS, title="logging in", unit="ms", ratios=_many_to_few(at_most=1.2)),
    "known_user": Figure(part=Part.KNOWN_USERS, title="one user by the hub's API", unit="ms", ratios=_many_to_few()),
    "known_page": Figure(
        part=Part.KNOWN_USERS, title="the first 50 users by the hub's API", unit="ms", ratios=_many_to_few()
    ),
    "known_start": Figure(
        part=Part.KNOWN_USERS, title="the hub's start, until its log-in page", unit="s", ratios=_many_to_few()
    ),
    "preview": Figure(
        part=Part.PROGRAM,
        title="`pulumi preview`, nothing to change; `terraform plan -refresh=false`",
        unit="s",
        ratios=(
            Ratio(
                of=Subject.OURS,
                to=Subject.IMPORT,
                at_most=5,
                missed_because="a program without any resource takes most of that already: Pulumi's command line "
                "starts, lists the Python packages and starts Python. The rest are our imports, and two providers that "
                "start and compare every resource.",
            ),
            Ratio(of=Subject.OURS, to=Subject.EMPTY),
            Ratio(of=Subject.OURS, to=Subject.TERRAFORM),
        ),
    ),
    "preview_refresh": Figure(
        part=Part.PROGRAM,
        title="`pulumi preview --refresh`, nothing to change; `terraform plan`",
        unit="s",
        ratios=(
            Ratio(
                of=Subject.OURS,
                to=Subject.TERRAFORM,
                at_most=1.3,
                missed_because="both wait 2 s in the provider's reading of a network. Pulumi reads first, starts "
                "Python afterwards, and then takes as long as without `--refresh`.",
            ),
        ),
    ),
    "up_unchanged": Figure(
        part=Part.PROGRAM,
        title="`pulumi up`, nothing to change; `docker compose up`",
        unit="s",
        ratios=(_OURS_TO_TUTORIAL,),
    ),
    "up_setting": Figure(
        part=Part.PROGRAM,
        title="another limit of memory for users' servers, until the log-in page answers",
        unit="s",
        ratios=(_OURS_TO_TUTORIAL,),
    ),
    "up_image": Figure(
        part=Part.PROGRAM,
        title="another hub, build included, until its log-in page answers",
        unit="s",
        ratios=(_OURS_TO_TUTORIAL,),
    ),
    "up_first": Figure(
        part=Part.PROGRAM,
        title="everything for the first time, with the images at hand, until the log-in page answers",
        unit="s",
        ratios=(_OURS_TO_TUTORIAL,),
    ),
}
