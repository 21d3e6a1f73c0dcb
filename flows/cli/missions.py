"""`marsmedia missions`: the missions with a profile, and the events of each."""

from __future__ import annotations

import click

from flows.cli.common import counted, print_json
from flows.cli.printing.print_table import aligned
from flows.cli.shared_options import JSON
from processors.errors import RequestError
from processors.languages.text import FALLBACK


@click.command()
@click.argument("name", required=False)
@JSON
def missions(name: str | None, as_json: bool) -> None:
    """List the missions with a profile, or the events of NAME.

    With the cameras of NAME. The names of events are what `event=` takes in a selection and `event` in `release.toml`.

    \b
    marsmedia missions
    marsmedia missions zhurong
    """
    from processors.mission.mission_time import mission_named
    from processors.mission.profile import load_profile, profile_names

    try:
        profiles = [mission_named(name)] if name else [load_profile(one) for one in profile_names()]
    except ValueError as error:
        raise RequestError(str(error)) from error
    if as_json:
        for one in profiles:
            events = [
                {"name": e.name, "when": e.when.written, **e.title.keys_of("title"), "source": e.source}
                for e in one.events
            ]
            names = {"mission": one.name, **one.title.keys_of("title"), "also_called": one.also}
            unknown = {"events_without_time": one.events_without_time}
            print_json({**names, "agency": one.agency, "events": events, **unknown, "devices": one.devices})
        return
    if name is None:
        rows = [(one.name, one.title[FALLBACK], one.agency, counted(len(one.events), "event")) for one in profiles]
        for line in aligned(rows):
            click.echo(line)
        return
    (profile,) = profiles
    title, *translations = profile.title.values()
    click.echo(f"{profile.name}: {title}" + (f" ({', '.join(translations)})" if translations else ""))
    if profile.also:
        click.echo(f"  also called {', '.join(profile.also)}")
    click.echo(f"  credit: {profile.credit}; rights: {profile.rights}")
    click.echo("Events:" if profile.events or profile.events_without_time else "Events: none in its profile")
    events = [(one.name, one.when.written, one.title[FALLBACK]) for one in profile.events]
    events += [(name, "unknown", "No source was found for its time") for name in profile.events_without_time]
    for line in aligned(events, indent="  "):
        click.echo(line)
    click.echo("Cameras and instruments:" if profile.devices else "Cameras and instruments: none in its profile")
    for first, *others in profile.devices:
        click.echo(f"  {first} (also {', '.join(others)})" if others else f"  {first}")
