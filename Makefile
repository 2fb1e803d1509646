# Everything an operator or a developer types. Each target installs what it needs (bootstrap/) and says what it does.
STACK ?= dev
# Passed on to pytest, for example: make unit TESTS="-k settings"
TESTS ?=

BOOTSTRAP := python3 -m bootstrap
WITH_PULUMI := $(BOOTSTRAP) run --stack $(STACK) --
WITH_PYTHON := $(BOOTSTRAP) python && PATH="$(CURDIR)/.venv/bin:$$PATH"
# The dev stack is made and changed without a question; every other one shows its preview and asks.
YES := $(if $(filter dev,$(STACK)),--yes)

# Passed on to the measurements, for example: make bench BENCH=--smoke
BENCH ?=

# An image's component in the program, for `make image`.
RESOURCE = $(subst _,-,$(subst reverse_proxy,proxy,$(NAME)))

.PHONY: help up down purge preview stack env image hub-options test unit integration browser bench lint format lock reference

help: ## This list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 14

up: stack ## Deploy the stack (STACK=dev), installing what is missing, and say how to log in
	@$(WITH_PULUMI) python -m hubctl up --stack $(STACK) $(YES)

down: ## Take the stack down; data, keys and log-ins stay
	@$(WITH_PULUMI) python -m hubctl down --stack $(STACK)

purge: ## Delete the stack with every user's files (asks first)
	@$(WITH_PULUMI) python -m hubctl purge --stack $(STACK)

preview: stack ## Show what `make up` would change
	@$(WITH_PULUMI) pulumi preview --stack $(STACK) --diff --refresh

stack: ## Make the stack's place in the backend, and a passphrase for it
	@$(BOOTSTRAP) stack $(STACK)

env: ## Print the environment in which plain pulumi works: eval "$$(make -s env)"
	@$(BOOTSTRAP) env --stack $(STACK)

image: ## Build one image alone (NAME=hub, notebook, …) and test it alone
	$(if $(wildcard images/$(NAME)/Dockerfile),,$(error NAME=$(NAME) is no image: write one of $(notdir $(wildcard images/*))))
	@$(BOOTSTRAP) stack $(STACK)
	@$(WITH_PULUMI) pulumi up --stack $(STACK) --yes --skip-preview --suppress-outputs --target '**::jupyterhub:index:*::$(RESOURCE)' --target '**$(RESOURCE)-image**'
	@$(WITH_PULUMI) python -m pytest tests/integration/images/test_$(NAME).py --stack $(STACK) $(TESTS)

hub-options: ## List every option that images/hub/jupyterhub_config.d may set
	@$(WITH_PULUMI) python -m hubctl hub-options --stack $(STACK)

test: ## Every test that needs no more than this machine, real Docker included
	@$(WITH_PULUMI) python -m pytest $(TESTS)

unit: ## The tests without Docker
	@$(WITH_PYTHON) python -m pytest tests/unit $(TESTS)

bench: ## Measure this project against what one would use instead, part by part (BENCH="--help")
	@$(WITH_PULUMI) python -m bench $(BENCH)

lint: ## Style and types
	@$(WITH_PYTHON) && ruff format --check . && ruff check . && mypy .

format: ## Put the code in shape
	@$(WITH_PYTHON) && ruff format . && ruff check --fix .

lock: ## Bring uv.lock and the images' requirements up to date with pyproject.toml
	@$(WITH_PYTHON) && uv lock && for group in hub notebook reverse_proxy socket_proxy firewall egress_proxy; do \
		uv export --quiet --frozen --only-group $$group --no-header --no-annotate -o images/$$group/requirements.txt; \
	done

reference: ## Write docs/settings.md and its JSON schema from the settings models
	@$(WITH_PYTHON) python -m settings.reference
