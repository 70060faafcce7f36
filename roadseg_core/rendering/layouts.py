"""Define street families: how wide, how curved, and what stands beside the road."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Layout:
    """
    Describe a street family; lengths are in metres.

    :param lanes: lanes in each direction
    :param parking: width of a parking lane on both sides, 0 for none
    :param verge: width of the grass between kerb and sidewalk
    :param setback: from the sidewalk to the buildings
    :param curve: lateral swing of the centre line
    :param junctions: whether there are side streets
    :param buildings: kinds drawn from: ``terrace``, ``block``, ``house``
    :param gap: mean space between two buildings
    :param tree_gap: mean space between two trees beside the road, 0 for none
    :param centre: marking of the middle: ``dashed``, ``double`` or ``none``
    :param edge_lines: whether lines run beside the kerb
    :param left_hand: whether traffic keeps to the left
    :param people: people on 100 m of sidewalk
    :param speed: of the camera vehicle, in metres per second
    """

    lanes: int = 1
    parking: float = 0.0
    verge: float = 0.0
    sidewalk: float = 2.4
    setback: float = 0.3
    curve: float = 4.0
    junctions: bool = True
    buildings: tuple[str, ...] = ('terrace', 'terrace', 'block')
    gap: float = 0.0
    tree_gap: float = 16.0
    centre: str = 'dashed'
    edge_lines: bool = False
    left_hand: bool = False
    people: float = 11.0
    speed: float = 8.0


LAYOUTS = {
    'urban': Layout(parking=2.1, tree_gap=40.0),
    'avenue': Layout(
        lanes=2,
        verge=1.8,
        setback=3.0,
        buildings=('block', 'terrace'),
        gap=5.0,
        centre='double',
        edge_lines=True,
        speed=11.0,
    ),
    'highstreet': Layout(sidewalk=3.2, tree_gap=0.0, edge_lines=True, left_hand=True),
    'suburb': Layout(
        parking=2.1,
        verge=1.4,
        setback=6.0,
        curve=9.0,
        buildings=('house',),
        gap=6.0,
        centre='none',
        people=4.0,
    ),
    'village': Layout(
        sidewalk=1.6,
        setback=2.5,
        curve=9.0,
        junctions=False,
        buildings=('house', 'terrace'),
        gap=4.0,
        left_hand=True,
        people=5.0,
    ),
    'boulevard': Layout(
        lanes=2, parking=2.1, sidewalk=4.0, buildings=('block',), centre='double', speed=11.0
    ),
    'country': Layout(
        verge=1.0,
        sidewalk=1.5,
        setback=12.0,
        curve=9.0,
        junctions=False,
        buildings=('house',),
        gap=40.0,
        edge_lines=True,
        people=1.5,
        speed=13.0,
    ),
}
"""Street families by name."""
