"""What a reader does with the page, in a real browser."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from browser import browse, needs_chromium
from evaluation_configs import configured

from roadseg_core.evaluation.run import evaluate_bags
from roadseg_core.evaluation.settings.sections import TruthChoice

pytestmark = needs_chromium


@pytest.fixture
def page(street_bag, exact_model: str, tmp_path: Path) -> Path:
    """Return the page of a drive of 3 s, which holds pictures of some of its 30 frames."""
    output = tmp_path / 'out'
    evaluate_bags(
        configured(
            bags=[street_bag('drive', frames=30)],
            output=output,
            model=exact_model,
            truth=TruthChoice(topics={'*': '/truth/{camera}/label'}),
            pictures=2,
        )
    )
    return output / 'report.html'


def test_a_page_is_explored(page: Path, tmp_path: Path) -> None:
    found = browse(
        page,
        """
        const over = document.querySelector('.moment .over .paint');
        const pixel = (over = document.querySelector('.moment .over .paint')) => {
          const canvas = document.createElement('canvas');
          canvas.width = over.naturalWidth; canvas.height = over.naturalHeight;
          const pen = canvas.getContext('2d');
          pen.drawImage(over, 0, 0);
          return [...pen.getImageData(60, 78, 1, 1).data];
        };
        const found = {charts: document.querySelectorAll('.chart canvas').length, road: pixel()};
        [...document.querySelectorAll('.tools button')].at(-1).click();
        await wait();
        found.hidden = pixel();
        const select = document.querySelector('[name=look]');
        const choose = async look => {
          select.value = look;
          select.dispatchEvent(new Event('input', {bubbles: true}));
          await wait();
        };
        [...document.querySelectorAll('.tools button')].at(-1).click();
        await choose('plain');
        found.plain = pixel();
        await choose('contours');
        found.inside = pixel();
        const opacity = document.querySelector('[name=opacity]');
        opacity.value = 20;
        opacity.dispatchEvent(new Event('input', {bubbles: true}));
        found.opacity = getComputedStyle(over).opacity;
        found.under = over.previousElementSibling.naturalWidth;

        const captions = () => document.querySelector('dialog[open] figcaption')?.textContent;
        click('.moment figure');
        found.first = captions();
        const press = key => dispatchEvent(new KeyboardEvent('keydown', {key}));
        press('ArrowRight');
        found.second = captions();
        await choose('plain');
        found.enlarged = pixel(document.querySelector('dialog .paint'));
        [...document.querySelectorAll('dialog .tools button')].at(-1).click();
        await wait();
        found.enlarged_hidden = pixel(document.querySelector('dialog .paint'));
        press('ArrowLeft');
        found.again = captions();
        document.querySelector('dialog').close();
        await wait();
        found.closed = captions() === undefined;
        found.home = document.querySelector('main .tools') !== null;

        const chart = document.querySelector('.chart'), plot = chart.plot;
        const moment = document.querySelector('.moment');
        const hit = async frame => {
          const line = JSON.parse(chart.dataset.chart).lines[0];
          const index = line.frames.indexOf(frame);
          chart.scrollIntoView();
          const box = plot.over.getBoundingClientRect();
          const at = {bubbles: true, clientX: box.left + plot.valToPos(line.x[index], 'x') + 2,
                      clientY: box.top + plot.valToPos(line.y[index], 'y')};
          for (const what of ['mousemove', 'mousedown', 'mouseup', 'click']) {
            plot.over.dispatchEvent(new MouseEvent(what, at));
            await wait();
          }
          found.values = chart.querySelector('.u-legend').textContent;
        };
        await hit(+moment.dataset.frame);
        found.jumped = moment.classList.contains('found');
        const pictured = [...document.querySelectorAll('.moment')].map(one => +one.dataset.frame);
        const without = [...Array(30).keys()].find(frame => !pictured.includes(frame));
        await hit(without);
        found.told = document.querySelector('.told').textContent.includes(`frame ${without}`);
        found.film = +document.querySelector('.film .now').dataset.go - (without - without % 2);
        const small = document.querySelectorAll('.film img')[5];
        small.dispatchEvent(new MouseEvent('mouseenter'));
        await wait();
        found.cursor = plot.data[0][plot.cursor.idx] - small.dataset.seconds;
        small.click();
        found.small = document.querySelector('.told').textContent.includes('frame 10');
        click('.told button');
        found.nearest = document.querySelectorAll('.moment.found').length;
        return found;
        """,
        tmp_path,
    )
    assert found['charts'] == 6
    assert found['plain'][:3] == [0, 255, 0] and found['plain'][3] == 255
    assert found['road'] not in (found['plain'], found['hidden']) and found['road'][3] == 255
    assert found['hidden'][3] == found['inside'][3] == 0
    assert found['opacity'] == '0.2' and found['under'] == 120
    assert 'frame' in found['first'] and found['first'] == found['again'] != found['second']
    assert found['enlarged'] == found['plain'] and found['enlarged_hidden'][3] == 0
    assert found['closed'] and found['home']
    assert 'front' in found['values'] and any(digit.isdigit() for digit in found['values'])
    assert found['jumped'] and found['told'] and found['nearest'] == 1
    assert found['film'] == 0 and abs(found['cursor']) < 0.06 and found['small']


def test_curves_zoom_together_and_frames_are_bared(page: Path, tmp_path: Path) -> None:
    found = browse(
        page,
        """
        const [one, other] = [...document.querySelectorAll('.chart')].map(chart => chart.plot);
        const ends = plot => [plot.scales.x.min, plot.scales.x.max];
        one.over.scrollIntoView();
        const box = one.over.getBoundingClientRect();
        const at = share => ({bubbles: true, button: 0, movementX: 9, clientY: box.top + 40,
                              clientX: box.left + share * box.width});
        const found = {whole: ends(one)};
        one.over.dispatchEvent(new MouseEvent('mousemove', at(0.25)));
        one.over.dispatchEvent(new MouseEvent('mousedown', at(0.25)));
        one.over.dispatchEvent(new MouseEvent('mousemove', at(0.75)));
        await wait();
        document.dispatchEvent(new MouseEvent('mouseup', at(0.75)));
        await wait();
        found.closer = [ends(one), ends(other)];
        one.over.dispatchEvent(new MouseEvent('dblclick', at(0.5)));
        await wait();
        found.again = [ends(one), ends(other)];
        const split = document.querySelector('[name=split]');
        split.value = 30;
        split.dispatchEvent(new Event('input', {bubbles: true}));
        found.bare = getComputedStyle(document.querySelector('.moment .over .paint')).clipPath;
        return found;
        """,
        tmp_path,
    )
    low, high = found['whole']
    for ends in found['closer']:
        assert ends == pytest.approx(
            [low + 0.25 * (high - low), low + 0.75 * (high - low)], abs=0.03 * (high - low)
        )
    assert found['again'] == [found['whole'], found['whole']]
    assert found['bare'].endswith('30%)')


def test_small_pictures_of_several_cameras_cover_none_of_another(
    street_bag, exact_model: str, tmp_path: Path
) -> None:
    output = tmp_path / 'out'
    bag = street_bag('drive', frames=20, cameras=('front', 'left', 'rear'))
    evaluate_bags(configured(bags=[bag], output=output, model=exact_model))
    boxes = browse(
        output / 'report.html',
        """
        document.querySelector('.film img').dispatchEvent(new MouseEvent('mouseenter'));
        await wait();
        return [...document.querySelectorAll('.film img.now')].map(one => {
          const {top, bottom} = one.getBoundingClientRect();
          return [top, bottom];
        });
        """,
        tmp_path,
    )
    assert len(boxes) == 3
    assert all(above[1] <= below[0] for above, below in zip(boxes, boxes[1:]))


def test_the_video_is_in_step_with_the_pointer(
    street_bag, exact_model: str, tmp_path: Path
) -> None:
    pytest.importorskip('av', reason='only PyAV writes a video that the browser plays')
    output = tmp_path / 'out'
    bag = street_bag('drive', frames=20)
    evaluate_bags(configured(bags=[bag], output=output, model=exact_model, video=True))
    seconds, file = browse(
        output / 'report.html',
        """
        // The browser's virtual time does not wait for a video's first bytes.
        const video = document.querySelector('video');
        Object.defineProperty(video, 'duration', {value: 2});
        const over = document.querySelector('.chart').plot.over;
        over.scrollIntoView();
        const box = over.getBoundingClientRect();
        over.dispatchEvent(new MouseEvent('mousemove', {
          bubbles: true, clientX: box.left + box.width / 2, clientY: box.top + 9}));
        await wait();
        return [video.currentTime, video.getAttribute('src')];
        """,
        output,
    )
    assert (output / file).is_file()
    assert seconds == pytest.approx(1.0, abs=0.1)


def test_a_video_that_the_browser_cannot_play_names_the_package(
    street_bag, exact_model: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, 'av', None)
    output = tmp_path / 'out'
    bag = street_bag('drive', frames=4)
    evaluate_bags(configured(bags=[bag], output=output, model=exact_model, video=True))
    told = browse(
        output / 'report.html',
        "await wait(); return document.querySelector('video') ? '' : document.body.innerText;",
        output,
    )
    assert 'the package av' in told


@pytest.mark.parametrize('size', ['1200,900', '400,800'])
def test_nothing_is_wider_than_the_window(page: Path, tmp_path: Path, size: str) -> None:
    wide = browse(
        page,
        'return document.documentElement.scrollWidth - document.documentElement.clientWidth;',
        tmp_path,
        size=size,
    )
    assert wide == 0
