"""`release.toml` of the sample, and the metadata embedded in each file."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass

from processors.sample.files import Tags

_HEAD = {
    "title": "Synthetic sample in the shape of the Tianwen-1 release of 27 June 2021",
    "title_zh": "合成样例：仿天问一号2021年6月27日发布的着陆和巡视探测影像",
    "agency": "marsmedia (no space agency: the sample is synthetic)",
    "mission": "tianwen-1",
    "credit": "marsmedia project, computed",
    "rights": "Apache-2.0, with the source code of marsmedia",
}
_RELEASED = "2021-06-27"
_COMMENT = "SYNTHETIC: computed by marsmedia, not recorded on Mars. What is known of it is in truth.json."
_NOTE = "Synthetic: computed, not recorded on Mars."
_NOTE_ZH = "合成数据：由程序计算生成，并非火星实拍。"


@dataclass(frozen=True, kw_only=True)
class ReleaseFile:
    """One `[[file]]` entry of the release; events are named as in the mission's timeline."""

    path: str
    title: str
    title_zh: str
    caption: str
    caption_zh: str
    recorded_by: str
    date: str
    date_precision: str
    date_zone: str | None = None
    """Time zone, `UTC` or `Beijing`; None if the date includes its zone."""

    event: str

    def tags(self) -> Tags:
        """Return the tags embedded in the file; ASCII, which every container supports."""
        return Tags(title=f"{self.title} (SYNTHETIC)", comment=_COMMENT)


DESCENT = ReleaseFile(
    path="descent.mp4",
    title="Descent and touchdown",
    title_zh="降落与着陆（合成样例）",
    caption=f"{_NOTE} Parachute, landing leg and the ground below, as three cameras would show them.",
    caption_zh=f"{_NOTE_ZH}依次模拟开伞监视相机、着陆状态监视相机和避障相机所见。",
    recorded_by="parachute-opening monitor camera, landing-state monitor camera, hazard-avoidance camera",
    date="2021-05-14",
    date_precision="day",
    date_zone="UTC",
    event="touchdown",
)
DRIVE_OFF = ReleaseFile(
    path="drive-off.mp4",
    title="The rover drives off the lander",
    title_zh="火星车驶离着陆平台（合成样例）",
    caption=f"{_NOTE} Stop-motion pictures, ahead and back, under the sound of motors, wheels and wind.",
    caption_zh=f"{_NOTE_ZH}前、后避障相机的定格画面，配以驱动机构、车轮和风的声音。",
    recorded_by="front and rear hazard-avoidance cameras; recording device",
    date="2021-05-22T02:40Z",
    date_precision="minute",
    event="drive-off",
)
ROVER_TURNS = ReleaseFile(
    path="rover-turns.mp4",
    title="The rover turns on the spot",
    title_zh="火星车原地转弯（合成样例）",
    caption=f"{_NOTE} The rover turns clockwise in front of the camera that it has put down.",
    caption_zh=f"{_NOTE_ZH}火星车在分离相机前顺时针原地转弯。",
    recorded_by="separated WiFi camera",
    date="2021-06-01",
    date_precision="day",
    date_zone="Beijing",
    event="wifi-camera-dropped",
)
TRACKS = ReleaseFile(
    path="rear-camera-tracks.png",
    title="Wheel tracks behind the rover",
    title_zh="火星车车辙（合成样例）",
    caption=f"{_NOTE} Two wheel tracks behind the rover, its deck and the shadow of its mast. The date is Beijing's.",
    caption_zh=f"{_NOTE_ZH}火星车后方的两条车辙，画面下方为车顶板和太阳翼，地面上是桅杆的影子。日期为北京时间。",
    recorded_by="rear hazard-avoidance camera",
    date="2021-06-16",
    date_precision="day",
    date_zone="Beijing",
    event="track-photo",
)
SOUND = ReleaseFile(
    path="drive-off-sound.wav",
    title="Sound of the rover driving off",
    title_zh="火星车驶离着陆平台的声音（合成样例）",
    caption=f"{_NOTE} Motor hum, wheel impacts and wind; the clip's sound is the later part of this recording.",
    caption_zh=f"{_NOTE_ZH}驱动机构、车轮撞击和风的声音；视频中的声音是本录音的后一部分。",
    recorded_by="recording device",
    date="2021-05-22T02:40Z",
    date_precision="minute",
    event="drive-off",
)


def release_toml() -> str:
    lines = [f"{key} = {_quoted(value)}" for key, value in _HEAD.items()]
    lines += [f"released = {_RELEASED}", "synthetic = true", "redistribute = true"]
    for file in (DESCENT, DRIVE_OFF, ROVER_TURNS, TRACKS, SOUND):
        lines += ["", "[[file]]", *(f"{key} = {_quoted(value)}" for key, value in asdict(file).items() if value)]
    return "\n".join(lines) + "\n"


def _quoted(text: str) -> str:
    """Return a TOML basic string; all JSON escapes are valid in TOML."""
    return json.dumps(text, ensure_ascii=False)
