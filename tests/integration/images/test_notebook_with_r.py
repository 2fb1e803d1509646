"""The notebook image with R, which no deployed site of the tests has: built here, alone."""

from collections.abc import Iterator

import docker
import pytest

from tests.integration.conftest import SETTINGS
from tests.integration.deployment import Deployment, copy_checkout
from tests.integration.images.image import Image
from tests.integration.images.lab import Lab, lab_of


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory, engine: docker.DockerClient) -> Iterator[Lab]:
    stack = Deployment(copy_checkout(tmp_path_factory.mktemp("checkout")), tmp_path_factory.mktemp("backend"), "test-r")
    stack.configure(**{**SETTINGS, "notebooks": {"image": {"kind": "build", "r": True}}})
    targets = ["--target", "**:NotebookImage::notebook", "--target", "**::notebook-image**"]
    stack.pulumi("up", "--yes", "--skip-preview", *targets)
    with lab_of(Image(engine=engine, reference=stack.output("images")["notebook"])) as lab:
        yield lab


def test_r_and_python_are_offered(lab: Lab) -> None:
    assert lab.http.get("/api/kernelspecs").json()["kernelspecs"].keys() == {"ir", "python3"}


def test_r_computes(lab: Lab) -> None:
    with lab.kernel("ir") as kernel:
        assert kernel.run("cat(6*7)") == "42"
        assert kernel.run("cat(coef(lm(y ~ x, data.frame(x = 1:3, y = c(3, 5, 7)))))") == "1 2"


def test_r_has_the_packages_that_courses_start_with(lab: Lab) -> None:
    with lab.kernel("ir") as kernel:
        assert kernel.run("suppressPackageStartupMessages(library(dplyr)); cat(n_distinct(mtcars$cyl))") == "3"
        kernel.run(
            "library(ggplot2); ggsave('cars.png', ggplot(mtcars, aes(wt, mpg)) + geom_point(), width = 4, height = 3)"
        )
        assert lab.http.get("/files/cars.png").content.startswith(b"\x89PNG")
