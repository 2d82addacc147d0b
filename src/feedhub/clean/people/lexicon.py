"""Words by which bylines are read, in several languages. Roles are found by their head, not by whole titles."""

from __future__ import annotations

from feedhub.clean.words import phrases, words

PLACEHOLDERS = phrases(
    """admin|administrator|administrador|administrateur|webmaster|web master|root|user|guest|anonymous|anonym|anonyme|anónimo|
    anonimo|unknown|unknown author|author unknown|undefined|null|none|nil|nan|n/a|na|author|authors|the author|autor|auteur|tác giả|
    [object object]|object object|no author|noauthor|not specified|default|default author|test|editor|editors|the editors|editorial|
    editorial team|editorial staff|editorial board|editorial desk|staff|staff report|staff reports|staff writer|staff writers|
    newsroom|news desk|web desk|online desk|desk|team|the team|contributor|guest author|guest contributor|guest post|
    noreply|no-reply|no reply|donotreply|info|contact|support|press|redaktion|die redaktion|la rédaction|rédaction|redacción|
    la redacción|redação|da redação|redazione|la redazione|редакция|администратор|админ|ban biên tập|bbt|quản trị|
    quản trị viên|ban quản trị|tòa soạn|toà soạn|ẩn danh|khuyết danh|không rõ|nhiều tác giả|biên tập viên web|
    q&a|onze redactie|de redactie|redactie|di redazione|tổng hợp|sưu tầm|nhóm pv|nhóm phóng viên|staff and agencies|agencies|wire services|wire reports|our correspondent|our reporter|
    編集部|編集者|匿名|管理者|管理员|管理員|编辑部|編輯部|佚名|未知|小编|관리자|편집부|익명|운영자|various|various authors|
    super user|superuser|sysadmin|wordpress|wpadmin|blogger|feedburner|rss|owner|moderator|me|system|{{author}}|%author%"""
)

BY = phrases(
    """by|von|par|por|door|av|af|di|da|przez|bởi|của|theo|written by|posted by|published by|submitted by|created by|words by|
    story by|text by|guest post by|a guest post by|an analysis by|analysis by|opinion by|comment by|review by|via|ein gastbeitrag von|
    ein kommentar von|eine analyse von|ein bericht von|ein interview von|von unserem korrespondenten|von unserer korrespondentin|
    von unserem reporter|propos recueillis par|un texte de|de notre correspondant|de notre correspondante|de notre envoyé spécial|
    de notre envoyée spéciale|de nuestro corresponsal|de nuestra corresponsal|dal nostro inviato|dal nostro corrispondente|a cura di|
    una nota de|article by|post by|a post by|authored by|contributed by|geschrieben von|verfasst von|ein beitrag von|
    écrit par|publié par|rédigé par|un article de|escrito por|publicado por|texto de|texto por|scritto da|di redazione|
    geschreven door|автор|авторы|текст|от|tác giả|bài|bài viết|viết bởi|đăng bởi|người viết|nguồn|source|author|authors|
    autor|autora|autoren|auteur|auteurs|autore|autori|contributors|byline|oleh|penulis|yazan|yazar|著者|作者|筆者|執筆者|執筆|撰文|
    文|글|글쓴이|작성자|저자|来源|來源|出典|출처|fuente|quelle|fonte|источник"""
)

CREDITS = phrases(
    """photograph|image|images|fotos|foto|fotografías|fotografía|imágenes|immagini|bilder|bild|texte|texto|text|vidéo|ảnh|bài|
    reporting|additional reporting|writing|editing|edited|translated|translation|compiled|photography|photographs|photos|photo|
    pictures|video|illustration|illustrations|illustrated|graphics|research|researched|produced|production|reviewed|
    fact-checked|fact checked|interview|narrated|hosted|medically reviewed|review|analysis|commentary|opinion|adapted|
    updated|curated|recorded|presented|directed|moderated|additional editing"""
)

SUFFIX_HEADS = words(
    """reporter reporters correspondent correspondents editor editors writer writers analyst analysts journalist journalists
    columnist columnists contributor contributors photographer photographers producer producers researcher researchers critic
    critics blogger strategist economist director manager officer president chairman chairwoman chair professor lecturer
    fellow intern trainee freelancer translator illustrator cartoonist videographer cameraman anchor presenter host
    commentator essayist novelist author broadcaster engineer scientist developer founder co-founder cofounder ceo cfo cto
    coo secretary minister ambassador spokesperson spokesman spokeswoman specialist consultant adviser advisor expert
    associate assistant copywriter proofreader podcaster curator lawyer attorney physician psychologist partner lead
    redakteur redakteurin journalistin reporterin korrespondent korrespondentin autor autorin fotograf fotografin volontär
    volontärin chefredakteur chefredakteurin ressortleiter ressortleiterin kolumnist kolumnistin praktikant praktikantin
    journaliste correspondant correspondante rédacteur rédactrice chroniqueur chroniqueuse photographe
    periodista corresponsal redactor redactora columnista editora reportero reportera fotógrafo fotógrafa
    jornalista repórter correspondente redator redatora colunista
    giornalista corrispondente redattore redattrice inviato inviata
    журналист корреспондент редактор обозреватель аналитик репортер репортёр фотограф колумнист
    기자 특파원 논설위원 편집장 앵커 교수 칼럼니스트 작가 평론가 선임기자 인턴기자 연구원 위원 대표
    記者 特派員 編集長 編集委員 論説委員 ライター 教授 记者 通讯员 主编 编辑 編輯 撰稿人 評論員 评论员"""
)

PREFIX_HEADS = phrases(
    """phóng viên|pv|ctv|btv|cộng tác viên|biên tập viên|biên dịch|nhà báo|chuyên gia|chuyên viên|chuyên viên phân tích|
    nhà phân tích|nhà nghiên cứu|trưởng ban|tổng biên tập|phó tổng biên tập|thư ký tòa soạn|bình luận viên|biên dịch viên|
    giám đốc|phó giám đốc|phân tích viên|chuyên gia phân tích|luật sư|bác sĩ|giảng viên|nhiếp ảnh|thông tín viên|cố vấn|nhà văn|nhà thơ|
    journaliste|correspondant|correspondante|rédacteur|rédactrice|envoyé spécial|envoyée spéciale|chef de service|
    periodista|corresponsal|redactor|redactora|jefe de|enviado especial|enviada especial|
    jornalista|repórter|correspondente|enviado|giornalista|corrispondente|inviato|
    журналист|корреспондент|редактор|обозреватель|аналитик|спецкор|head of|director of|editor of|professor of|vice president|
    founder of|co-founder of|author of|member of|chief|managing editor|editor-in-chief|editor at large|chair of|dean of"""
)

ROLE_WORDS = (
    words(
        """senior junior chief staff special foreign political politics business tech technology science scientific sports sport health
    financial finance economics economic economy energy climate environment environmental education legal crime court defence
    defense security diplomatic diplomacy white house parliamentary national international world global regional local city
    metro state europe european asia asian africa african china middle east london washington moscow news features feature
    investigative investigations data digital online web social media video photo audio music film arts art culture books
    book food travel style fashion consumer retail market markets equity equities credit fixed income research principal
    lead managing executive deputy associate assistant contributing freelance guest opinion general assignment breaking
    night weekend copy production graphics engagement audience trainee intern graduate former royal transport property
    housing religion lifestyle entertainment gaming games product software security personal money investment macro fx
    commodities commodity currency quantitative policy public affairs the and & of for at-large in"""
    )
    | SUFFIX_HEADS
)

DEGREES = words(
    "phd md mba ma ba bsc msc mphil dphil jd llb llm cfa cpa cfp frs obe mbe cbe esq rn mph dds edd frcp msw mfa frcs facp facs dnp dpt lcsw mbbs rph meng rd ldn pharmd psyd dvm"
)
GENERATIONS = words("jr sr ii iii iv jnr snr")

PLACES = phrases(
    """hà nội|tp hcm|tp.hcm|tp. hcm|tphcm|tp hồ chí minh|tp. hồ chí minh|hồ chí minh|sài gòn|đà nẵng|hải phòng|cần thơ|huế|nha trang|hạ long|
    hanoi|ho chi minh city|saigon|bangkok|singapore|tokyo|seoul|beijing|shanghai|hong kong|taipei|manila|jakarta|kuala lumpur|new delhi|delhi|
    mumbai|dubai|doha|tel aviv|jerusalem|cairo|nairobi|lagos|johannesburg|cape town|istanbul|ankara|athens|moscow|kyiv|kiev|warsaw|prague|
    budapest|vienna|berlin|hamburg|munich|münchen|frankfurt|köln|cologne|düsseldorf|stuttgart|leipzig|zürich|zurich|bern|geneva|genève|
    paris|lyon|marseille|bruxelles|brussels|amsterdam|the hague|den haag|luxembourg|london|edinburgh|dublin|madrid|barcelona|lisbon|lisboa|
    porto|rome|roma|milan|milano|torino|napoli|copenhagen|københavn|stockholm|oslo|helsinki|reykjavik|new york|washington|washington, d.c.|
    boston|chicago|los angeles|san francisco|seattle|houston|dallas|miami|atlanta|denver|toronto|montreal|montréal|ottawa|vancouver|mexico city|
    ciudad de méxico|bogotá|lima|santiago|buenos aires|são paulo|rio de janeiro|brasília|sydney|melbourne|canberra|auckland|wellington|
    москва|санкт-петербург|киев|минск|北京|上海|广州|深圳|香港|台北|東京|大阪|京都|서울|부산"""
)
"""Places that stand in bylines beside a name (``Ann Poe, Berlin``). They are nobody."""

HONORIFICS = words(
    """dr hab prof professor mr mrs ms miss mx sir dame rev fr sen gov hon lt col gen maj capt sgt ts ths pgs gs bs bsck1 bsck2 ks ls cn ncs nsnd nsưt
    nsnn herr frau mme mlle sr sra srta dott dott.ssa ing dipl-ing avv don doña"""
)

PARTICLES = words(
    "van von de der den del della di da dos das du la le los las el al bin ibn ben y e zu zur zum ter ten af av"
)
