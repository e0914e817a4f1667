"""Installs what the drivers need into conformance/.env, once per state of their lock files.

Standard library only: this runs before anything is installed.
"""

import hashlib
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
ENV = ROOT / ".env"
VENV = ENV / "python"
QUERY_VENV = ENV / "python-query"
VALIDATORS_VENV = ENV / "validators"
MAIL_VENV = ENV / "mail"
FUNCTIONS_ENV = ENV / "functions"

# One step of an installation; a cold cache needs the most for the Rust SDK's build.
TIMEOUT_SECONDS = 900


class InstallError(Exception):
    """A step failed. The message ends with what the tool said."""


@dataclass
class Recipe:
    """What one part needs: tools that must be there, files that decide it, commands that do it."""

    tools: list
    inputs: list
    commands: list
    env: dict = field(default_factory=dict)


def venv_recipe(venv, requirements):
    return Recipe(
        tools=[],
        inputs=[requirements],
        commands=[
            (ROOT, [sys.executable, "-m", "venv", "--clear", venv]),
            (
                ROOT,
                [
                    venv / "bin/python",
                    "-m",
                    "pip",
                    "install",
                    "--quiet",
                    "--disable-pip-version-check",
                    "--requirement",
                    requirements,
                ],
            ),
        ],
    )


def npm_recipe(folder):
    return Recipe(
        tools=["node", "npm"],
        inputs=[folder / "package.json", folder / "package-lock.json", folder / ".npmrc"],
        commands=[(folder, ["npm", "ci", "--loglevel=error"])],
    )


def both(*recipes):
    return Recipe(
        tools=[tool for recipe in recipes for tool in recipe.tools],
        inputs=[path for recipe in recipes for path in recipe.inputs],
        commands=[command for recipe in recipes for command in recipe.commands],
    )


DRIVERS = ROOT / "drivers"
VALIDATORS = ROOT / "validators"
FUNCTIONS = ROOT / "functions"

RECIPES = {
    "python": venv_recipe(VENV, ROOT / "requirements.txt"),
    "python-query": venv_recipe(QUERY_VENV, DRIVERS / "python/requirements-query.txt"),
    "javascript": npm_recipe(DRIVERS / "javascript"),
    "sqs-consumer": npm_recipe(ROOT / "sqs-consumer"),
    "validators": both(
        venv_recipe(VALIDATORS_VENV, VALIDATORS / "requirements.txt"), npm_recipe(VALIDATORS)
    ),
    "mail": venv_recipe(MAIL_VENV, ROOT / "mail/requirements.txt"),
    "go": Recipe(
        tools=["go"],
        inputs=[DRIVERS / "go"],
        commands=[
            (DRIVERS / "go", ["go", "build", "-buildvcs=false", "-o", ENV / "go/driver", "."])
        ],
    ),
    "java": Recipe(
        tools=["java", "mvn"],
        inputs=[DRIVERS / "java"],
        commands=[
            (
                DRIVERS / "java",
                ["mvn", "--quiet", "--batch-mode", "--no-transfer-progress", "process-classes"],
            ),
        ],
    ),
    "rust": Recipe(
        tools=["cargo"],
        inputs=[DRIVERS / "rust"],
        commands=[(DRIVERS / "rust", ["cargo", "build", "--locked", "--quiet"])],
        env={"CARGO_TARGET_DIR": str(ENV / "rust")},
    ),
    "function-python": venv_recipe(FUNCTIONS_ENV / "python", FUNCTIONS / "requirements.txt"),
    "function-node": Recipe(
        # A part of aws-lambda-ric is native.
        tools=["node", "npm", "cmake", "make", "c++"],
        inputs=[
            FUNCTIONS / "node/package.json",
            FUNCTIONS / "node/package-lock.json",
            FUNCTIONS / "node/.npmrc",
            FUNCTIONS / "node/build",
        ],
        commands=[
            (FUNCTIONS / "node", ["npm", "ci", "--ignore-scripts", "--loglevel=error"]),
            (FUNCTIONS / "node", ["./build"]),
        ],
    ),
    "function-go": Recipe(
        tools=["go"],
        inputs=[FUNCTIONS / "go"],
        commands=[
            (
                FUNCTIONS / "go",
                ["go", "build", "-buildvcs=false", "-o", FUNCTIONS_ENV / "go/bootstrap", "."],
            )
        ],
    ),
    "function-rust": Recipe(
        tools=["cargo"],
        inputs=[FUNCTIONS / "rust"],
        commands=[(FUNCTIONS / "rust", ["cargo", "build", "--locked", "--quiet"])],
        env={"CARGO_TARGET_DIR": str(FUNCTIONS_ENV / "rust")},
    ),
}


def missing_tools(part):
    return [tool for tool in RECIPES[part].tools if not shutil.which(tool)]


def install(part):
    """Brings a part up to date. Returns whether there was anything to do."""
    recipe = RECIPES[part]
    stamp = ENV / "stamps" / part
    state = fingerprint(recipe.inputs)
    if stamp.exists() and stamp.read_text() == state:
        return False
    for folder, command in recipe.commands:
        run(folder, command, recipe.env)
    stamp.parent.mkdir(parents=True, exist_ok=True)
    stamp.write_text(state)
    return True


def fingerprint(inputs):
    digest = hashlib.sha256(sys.version.encode())
    for path in inputs:
        files = sorted(path.rglob("*")) if path.is_dir() else [path]
        for file in filter(Path.is_file, files):
            digest.update(f"{file.relative_to(ROOT)}\n".encode() + file.read_bytes())
    return digest.hexdigest()


def run(folder, command, env):
    command = [str(word) for word in command]
    if shutil.which("nice"):
        command = ["nice", *command]
    try:
        done = subprocess.run(
            command,
            cwd=folder,
            env={**os.environ, **env},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=TIMEOUT_SECONDS,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise InstallError(str(error)) from error
    if done.returncode != 0:
        raise InstallError(f"{' '.join(command)}\n{done.stdout[-4000:]}")


def enter_environment(script):
    """Starts `script` again with the Python of our own environment, unless this is it."""
    if Path(sys.prefix).resolve() == VENV.resolve():
        return
    try:
        install("python")
    except InstallError as error:
        sys.exit(f"cannot install the Python part: {error}")
    python = VENV / "bin/python"
    os.execv(python, [str(python), script, *sys.argv[1:]])
