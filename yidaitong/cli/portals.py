"""The web server of the portals and the API: it starts with the right keys or not at all."""

import click

from yidaitong.cli.serving import become, bind_to, descriptor_option, gunicorn, port_option
from yidaitong.kernel.settings import load_settings
from yidaitong.runtime import Runtime


@click.command()
@port_option(8000)
@descriptor_option
@click.option("--workers", type=int, default=2, show_default=True)
def web(port: int, fd: int | None, workers: int) -> None:
    """Serve the portals and the API (gunicorn on this machine's own address)."""
    runtime = Runtime(load_settings(), pool_size=1)
    runtime.check_keys()
    runtime.close()
    become(gunicorn("wsgi:app", bind_to(port, fd), workers=workers, threads=2))
