"""Programs of npm for tests: installed once into build/npm.

    subprocess.run(["node", script], env=npm.environment("nodemailer@6.9.16"))
"""

import os
import subprocess

import chancery

FOLDER = os.environ.get("CHANCERY_NPM",
                        os.path.join(chancery.TOP, "build", "npm"))


def environment(package):
    """An environment in which node finds this package."""
    folder = os.path.join(FOLDER, package.replace("/", "_"))
    if not os.path.isdir(os.path.join(folder, "node_modules")):
        os.makedirs(folder, exist_ok=True)
        subprocess.run(["npm", "install", "--silent", "--no-save",
                        "--ignore-scripts", "--prefix", folder, package],
                       check=True, stdout=subprocess.DEVNULL, timeout=600,
                       cwd=folder)
    return dict(os.environ, NODE_PATH=os.path.join(folder, "node_modules"))
