"""Define street families: how wide, how curved, and what stands beside the road."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Layout:
    """
    Describe a street family; lengths are in metres.

    :param name: the key in configurations
    :param lanes: lanes in each direction, each ``lane_width`` wide
    :param parking: width of a parking lane on both sides, 0 for none
    :param verge: width of the grass between kerb and sidewalk
    :param setback: from the sidewalk to the buildings
    :param curve: lateral swing of the centre line
    :param curve_length: length of one swing
    :param junction_gap: between two side streets, 0 for none
    :param buildings: kinds drawn from: ``terrace``, ``block``, ``house``
    :param gap: mean space between two buildings
    :param floors: fewest and most floors
    :param tree_gap: mean space between two trees beside the road, 0 for none
    :param centre: marking of the middle: ``dashed``, ``solid``, ``double`` or ``none``
    :param edge_lines: whether lines run beside the kerb
    :param left_hand: whether traffic keeps to the left
    :param traffic: moving vehicles on 100 m of road
    :param parked: share of the parking places taken
    :param people: people on 100 m of sidewalk
    :param speed: of the camera vehicle, in metres per second
    """

    name: str
    lanes: int = 1
    lane_width: float = 3.4
    parking: float = 0.0
    verge: float = 0.0
    sidewalk: float = 2.4
    setback: float = 0.3
    curve: float = 4.0
    curve_length: float = 240.0
    junction_gap: float = 75.0
    buildings: tuple[str, ...] = ('terrace', 'terrace', 'block')
    gap: float = 0.0
    floors: tuple[int, int] = (2, 4)
    tree_gap: float = 40.0
    centre: str = 'dashed'
    edge_lines: bool = False
    left_hand: bool = False
    traffic: float = 4.0
    parked: float = 0.6
    people: float = 11.0
    speed: float = 8.0


LAYOUTS = (
    Layout('urban', parking=2.1),
    Layout(
        'avenue',
        lanes=2,
        lane_width=3.3,
        verge=1.8,
        sidewalk=3.0,
        setback=3.0,
        curve=6.0,
        curve_length=300.0,
        junction_gap=110.0,
        buildings=('block', 'terrace'),
        gap=5.0,
        floors=(3, 6),
        tree_gap=13.0,
        centre='double',
        edge_lines=True,
        traffic=5.0,
        people=9.0,
        speed=11.0,
    ),
    Layout(
        'highstreet',
        lane_width=3.6,
        sidewalk=3.2,
        junction_gap=95.0,
        floors=(2, 3),
        tree_gap=0.0,
        left_hand=True,
        edge_lines=True,
        people=16.0,
    ),
    Layout(
        'suburb',
        lane_width=3.1,
        parking=2.1,
        verge=1.4,
        sidewalk=1.8,
        setback=6.0,
        curve=9.0,
        junction_gap=90.0,
        buildings=('house',),
        gap=6.0,
        floors=(1, 2),
        tree_gap=17.0,
        centre='none',
        traffic=2.5,
        parked=0.35,
        people=4.0,
    ),
    Layout(
        'village',
        lane_width=3.2,
        sidewalk=1.6,
        setback=2.5,
        curve=9.0,
        junction_gap=0.0,
        buildings=('house', 'terrace'),
        gap=4.0,
        floors=(1, 2),
        tree_gap=28.0,
        left_hand=True,
        traffic=2.5,
        people=5.0,
    ),
    Layout(
        'boulevard',
        lanes=2,
        parking=2.2,
        sidewalk=4.0,
        setback=0.5,
        curve_length=320.0,
        junction_gap=120.0,
        buildings=('block',),
        floors=(4, 6),
        tree_gap=11.0,
        centre='solid',
        traffic=5.5,
        people=12.0,
        speed=10.0,
    ),
    Layout(
        'industrial',
        lane_width=3.7,
        verge=3.0,
        sidewalk=1.8,
        setback=8.0,
        curve=7.0,
        junction_gap=130.0,
        buildings=('block', 'house'),
        gap=14.0,
        floors=(2, 3),
        tree_gap=24.0,
        centre='solid',
        edge_lines=True,
        traffic=3.0,
        people=3.0,
        speed=11.0,
    ),
    Layout(
        'country',
        lane_width=3.3,
        verge=1.0,
        sidewalk=1.5,
        setback=12.0,
        curve=11.0,
        junction_gap=0.0,
        buildings=('house',),
        gap=40.0,
        floors=(1, 2),
        tree_gap=9.0,
        edge_lines=True,
        traffic=2.0,
        people=1.5,
        speed=13.0,
    ),
)


def find_layout(name: str) -> Layout:
    """
    Return the layout of a name.

    :raises ValueError: if there is none; the message lists the names
    """
    for layout in LAYOUTS:
        if layout.name == name:
            return layout
    known = ', '.join(layout.name for layout in LAYOUTS)
    raise ValueError(f'unknown layout {name!r}; expected one of {known}')
