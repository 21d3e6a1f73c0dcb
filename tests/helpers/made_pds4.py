"""PDS4 labels and the numbers that they describe, with known answers."""

from __future__ import annotations

import numpy as np

LINE, SAMPLE, BAND = ("Line", 4), ("Sample", 6), ("Band", 3)
UP = """<Display_2D_Image><line_display_direction>Up</line_display_direction>
<sample_display_direction>Right</sample_display_direction></Display_2D_Image>"""
SETTINGS = """<d:Display_Settings xmlns:d="http://pds.nasa.gov/pds4/disp/v1"><Local_Internal_Reference>
<local_identifier_reference>it</local_identifier_reference></Local_Internal_Reference><d:Display_Direction>
<d:horizontal_display_axis>{axis}</d:horizontal_display_axis>
<d:horizontal_display_direction>{across}</d:horizontal_display_direction>
<d:vertical_display_direction>{down}</d:vertical_display_direction></d:Display_Direction></d:Display_Settings>"""


COLOURS = """<d:Display_Settings xmlns:d="http://pds.nasa.gov/pds4/disp/v1"><Local_Internal_Reference>
<local_identifier_reference>it</local_identifier_reference></Local_Internal_Reference><d:Color_Display_Settings>
<d:color_display_axis>{axis}</d:color_display_axis><d:red_channel_band>{red}</d:red_channel_band>
<d:green_channel_band>{green}</d:green_channel_band><d:blue_channel_band>{blue}</d:blue_channel_band>
</d:Color_Display_Settings></d:Display_Settings>"""
OTHER = (
    """<Array_2D_Image><local_identifier>incidence</local_identifier><offset unit="byte">48</offset></Array_2D_Image>"""
)


def label(
    kind: str = "UnsignedMSB2",
    axes: tuple[tuple[str, object], ...] = (LINE, SAMPLE),
    *,
    name: str = "a.raw",
    offset: object = 0,
    more: str = "",
    settings: str = "",
    order: str = "Last Index Fastest",
    element: str = "",
    before: str = "",
    after: str = "",
    md5: str = "",
    start: str = "2021-06-25T03:05:42Z",
) -> bytes:
    arrays = "".join(
        f"<Axis_Array><axis_name>{axis}</axis_name><elements>{count}</elements>"
        f"<sequence_number>{number}</sequence_number></Axis_Array>"
        for number, (axis, count) in reversed(list(enumerate(axes, 1)))
    )
    tag = f"Array_{len(axes)}D_Image"
    return f"""<?xml version="1.0"?><Product_Observational xmlns="http://pds.nasa.gov/pds4/pds/v1"><Observation_Area>
<Time_Coordinates><start_date_time>{start}</start_date_time></Time_Coordinates><Observing_System>
<Observing_System_Component><name>Rover</name><type>Host</type></Observing_System_Component>
<Observing_System_Component><name>NaTeCam</name><type>Instrument</type></Observing_System_Component></Observing_System>
<Discipline_Area>{settings}</Discipline_Area></Observation_Area>{before}<File_Area_Observational><File>
<file_name>{name}</file_name>{md5}</File><{tag}>
<local_identifier>it</local_identifier><offset unit="byte">{offset}</offset>
<axes>{len(axes)}</axes><axis_index_order>{order}</axis_index_order><Element_Array><data_type>{kind}</data_type>
{element}</Element_Array>{arrays}{more}</{tag}>{after}</File_Area_Observational></Product_Observational>""".encode()


def numbers(dtype: str = ">u2", shape: tuple[int, ...] = (4, 6)) -> np.ndarray:
    return (np.arange(np.prod(shape)).reshape(shape) * 5 - (20 if np.dtype(dtype).kind != "u" else 0)).astype(dtype)
