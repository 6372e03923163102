// The samples of the contract's document.

export const IDENTIFIER = '1101tc200044013301502601009F1S1024N100P150';

const measured = {
  power_consumption: 0, cpu_performance: 2000, cpu_available: 0, gpu_model: 'RTX 3080', gpu_performance: 18_000, gpu_memory: 16, gpu_available: 0,
  network_delay: '5ms', network_performance: 100, network_isixp: true, network_ips: '192.168.1.1', network_available: '', network_ips_available: '192.168.1.1', network_ports: '80,443', price: 100,
};

export const reportExample = { computing_id: IDENTIFIER, ...measured };

const zone = (region: string, industry: string) => ({ organization: '中科曙光', region, availability_zone: '可用区一', industry });

export const zonesExample = { count: 2, results: [zone('北京', '金融'), zone('上海', '教育')] };

const resource = (id: number, region: string, industry: string) => ({ id, ...zone(region, industry), resource_type: '超算', service_type: '主机', ...measured });

export const offeredTaskExample = { task_id: 1, count: 2, results: [resource(1, '北京', '金融'), resource(2, '上海', '教育')] };
